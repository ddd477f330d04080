import type { TestProject } from 'vitest/node';
import { collectorImage } from './collector/image.ts';
import { dockerEngine } from './docker/engine.ts';
import { removeLeftovers } from './docker/leftovers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The image that the tests start Collectors from. */
    collectorImage: string;
  }
}

/**
 * Runs once before the e2e tests, in vitest's own process: a Docker Engine, no leftovers, an image of the Collector.
 */
export default async function setup(project: TestProject): Promise<void> {
  const log = (line: string) => project.vitest.logger.log(`e2e: ${line}`);
  const docker = await dockerEngine(log);
  const removed = await removeLeftovers(docker);
  if (removed > 0) log(`removed ${removed} containers that an earlier run left behind`);
  project.provide('collectorImage', await collectorImage(docker, log));
}

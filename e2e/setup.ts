import type { TestProject } from 'vitest/node';
import { provideCollectorImage } from './collector/image.ts';
import { connectDockerEngine } from './docker/engine.ts';
import { removeLeftovers } from './docker/leftovers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Image of the Collectors that the tests start. */
    collectorImage: string;
  }
}

/** Prepares the e2e tests once, in Vitest's main process: Docker Engine, leftovers, Collector image. */
export default async function setup(project: TestProject): Promise<void> {
  const log = (line: string) => project.vitest.logger.log(`e2e: ${line}`);
  const docker = await connectDockerEngine(log);
  const removed = await removeLeftovers(docker);
  if (removed > 0) log(`removed ${removed} leftover containers of earlier runs`);
  project.provide('collectorImage', await provideCollectorImage(docker, log));
}

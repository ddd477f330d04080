import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRuntimeClient } from 'testcontainers';
import { connectDockerEngine } from '../docker/engine.ts';
import { pull } from '../docker/pull.ts';
import { buildImage, localImageName } from './local-build.ts';

/** Version in the manifest, which is also that of the official image. */
const VERSION = /^ {2}version: (\S+)$/m.exec(readFileSync(join(import.meta.dirname, 'manifest.yaml'), 'utf8'))![1]!;
const OFFICIAL = `otel/opentelemetry-collector-contrib:${VERSION}`;
const PULL_SILENCE_MS = 15_000;

/**
 * Returns the name of a Collector image on the engine: an existing one, else the official one, pulled, else one built
 * with Go.
 *
 * @param log - called before slow steps
 * @throws Error with the remedy if the image can neither be pulled nor built
 */
export async function provideCollectorImage(
  docker: ContainerRuntimeClient,
  log: (line: string) => void,
): Promise<string> {
  const local = localImageName(VERSION);
  for (const name of [OFFICIAL, local]) if (await exists(docker, name)) return name;
  log(`pulling ${OFFICIAL}`);
  try {
    await pull(docker, OFFICIAL, PULL_SILENCE_MS);
    return OFFICIAL;
  } catch (error) {
    log(
      `cannot pull it (${error instanceof Error ? error.message : error}): building the Collector with Go, which takes about a minute the first time`,
    );
    await buildImage(docker, local, VERSION);
    return local;
  }
}

async function exists(docker: ContainerRuntimeClient, name: string): Promise<boolean> {
  return docker.container.dockerode
    .getImage(name)
    .inspect()
    .then(
      () => true,
      () => false,
    );
}

if (import.meta.main) {
  const log = (line: string) => console.error(line);
  console.log(await provideCollectorImage(await connectDockerEngine(log), log));
}

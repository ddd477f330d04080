import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRuntimeClient } from 'testcontainers';
import { dockerEngine } from '../docker/engine.ts';
import { pull } from '../docker/pull.ts';
import { buildImage, localImageName } from './local-build.ts';

/** The pinned Collector: the manifest says the version, of the official image too. */
const VERSION = /^ {2}version: (\S+)$/m.exec(readFileSync(join(import.meta.dirname, 'manifest.yaml'), 'utf8'))![1]!;
const OFFICIAL = `otel/opentelemetry-collector-contrib:${VERSION}`;
const PULL_SILENCE_MS = 15_000;

/**
 * The name of a Collector image that the engine has: one that is there already, else the official one, pulled, else
 * one that is built here with Go.
 *
 * @param log - told what takes time
 * @throws Error that says what to install, when it can neither be pulled nor built
 */
export async function collectorImage(docker: ContainerRuntimeClient, log: (line: string) => void): Promise<string> {
  const local = localImageName(VERSION);
  for (const name of [OFFICIAL, local]) if (await exists(docker, name)) return name;
  log(`pulling ${OFFICIAL}`);
  try {
    await pull(docker, OFFICIAL, PULL_SILENCE_MS);
    return OFFICIAL;
  } catch (error) {
    log(
      `it cannot be pulled (${error instanceof Error ? error.message : error}): building the Collector with Go, about a minute the first time`,
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
  console.log(await collectorImage(await dockerEngine(log), log));
}

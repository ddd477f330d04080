import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { waitUntil } from '@hatchet-ts/trace-testing';
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers';
import { administratorEnvironment, installPackages, mayInstall, runs } from './debian-packages.ts';

/**
 * Returns a client of the Docker Engine. If none answers on its socket, installs and starts one on Debian as root. That
 * engine keeps running after the tests.
 *
 * Does not look for a `docker` command, which may be a client without an engine.
 *
 * @param log - called before slow steps
 * @throws Error with the remedy if there is no engine and none may be installed
 */
export async function connectDockerEngine(log: (line: string) => void): Promise<ContainerRuntimeClient> {
  const running = await connect();
  if (running) return running;
  if (process.env.DOCKER_HOST) throw new Error(`no Docker Engine answers at DOCKER_HOST=${process.env.DOCKER_HOST}`);
  if (!mayInstall()) throw new Error(installHint());
  if (!(await runs('dockerd', '--version'))) {
    log('no Docker Engine: installing docker.io with apt-get');
    await installPackages('docker.io').catch((cause: Error) => {
      throw new Error(`installing docker.io failed: ${cause.message}\n${installHint()}`, { cause });
    });
  }
  if (!(await connectWithin(5_000))) {
    log('starting dockerd');
    const logFile = startDaemon();
    if (!(await connectWithin(60_000))) throw new Error(`dockerd does not answer within 60 s; see ${logFile}`);
  }
  return getContainerRuntimeClient();
}

async function connect(): Promise<ContainerRuntimeClient | undefined> {
  return getContainerRuntimeClient().catch(() => undefined);
}

async function connectWithin(timeoutMs: number): Promise<boolean> {
  return waitUntil('a Docker Engine', connect, { timeoutMs, intervalMs: 250 }).then(
    () => true,
    () => false,
  );
}

function installHint(): string {
  const how =
    process.platform === 'linux'
      ? 'install it and make its socket readable for this user (Debian, Ubuntu: `sudo apt-get install docker.io && sudo usermod -aG docker $USER`, then log in again)'
      : 'install and start Docker Desktop, or set DOCKER_HOST to an engine';
  return `no Docker Engine answers; the e2e tests need one for a real Collector: ${how}`;
}

/** Starts dockerd in its own session, so that it outlives the tests. Returns its log file. */
function startDaemon(): string {
  const folder = join(import.meta.dirname, '../../.cache');
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, 'dockerd.log');
  const output = openSync(logFile, 'a');
  spawn('dockerd', { env: administratorEnvironment, detached: true, stdio: ['ignore', output, output] }).unref();
  return logFile;
}

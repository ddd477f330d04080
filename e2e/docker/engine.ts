import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers';
import { administrator, installPackages, mayInstall, runs } from './debian.ts';

/**
 * The Docker Engine for the tests: one that answers on its socket, else, on Debian as root, one that is installed and
 * started here.
 *
 * A `docker` command on the PATH says nothing, it may be a client without an engine: only the socket is asked. An
 * engine that is started here keeps running for the next time.
 *
 * @param log - told what takes time
 * @throws Error that says what to install, when there is no engine and none may be installed
 */
export async function dockerEngine(log: (line: string) => void): Promise<ContainerRuntimeClient> {
  const running = await answering();
  if (running) return running;
  if (process.env.DOCKER_HOST) throw new Error(`no Docker Engine answers at DOCKER_HOST=${process.env.DOCKER_HOST}`);
  if (!mayInstall()) throw new Error(installHint());
  if (!(await runs('dockerd', '--version'))) {
    log('no Docker Engine: installing docker.io with apt-get');
    await installPackages('docker.io').catch((cause: Error) => {
      throw new Error(`installing docker.io failed: ${cause.message}\n${installHint()}`, { cause });
    });
  }
  if (!(await answeringWithin(5_000))) {
    log('starting dockerd');
    const logFile = startDaemon();
    if (!(await answeringWithin(60_000))) throw new Error(`dockerd does not answer within 60 s; its log is ${logFile}`);
  }
  return getContainerRuntimeClient();
}

async function answering(): Promise<ContainerRuntimeClient | undefined> {
  return getContainerRuntimeClient().catch(() => undefined);
}

async function answeringWithin(milliseconds: number): Promise<boolean> {
  const deadline = Date.now() + milliseconds;
  while (!(await answering())) {
    if (Date.now() > deadline) return false;
    await setTimeout(250);
  }
  return true;
}

function installHint(): string {
  const how =
    process.platform === 'linux'
      ? 'install one and make its socket readable for this user (Debian, Ubuntu: `sudo apt-get install docker.io && sudo usermod -aG docker $USER`, then log in again)'
      : 'install and start Docker Desktop, or any engine that DOCKER_HOST names';
  return `the e2e tests run a real Collector and need a Docker Engine, and none answers: ${how}`;
}

/** In a session of its own, so that it outlives the tests. */
function startDaemon(): string {
  const folder = join(import.meta.dirname, '../../.cache');
  mkdirSync(folder, { recursive: true });
  const logFile = join(folder, 'dockerd.log');
  const output = openSync(logFile, 'a');
  spawn('dockerd', { env: administrator, detached: true, stdio: ['ignore', output, output] }).unref();
  return logFile;
}

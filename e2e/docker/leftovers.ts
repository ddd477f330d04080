import { hostname } from 'node:os';
import type { ContainerRuntimeClient } from 'testcontainers';

const OWNER = 'hatchet-otel.e2e.owner';

/** The label of every container that a test starts: the host and the process that stops it. */
export function ownerLabel(): Record<string, string> {
  return { [OWNER]: `${hostname()}/${process.pid}` };
}

/**
 * Removes the containers of earlier runs that were killed before they could stop them. Those of a run that is still
 * going on, and those of another host on the same engine, are left alone.
 *
 * @returns how many were removed
 */
export async function removeLeftovers(docker: ContainerRuntimeClient): Promise<number> {
  const { dockerode } = docker.container;
  const labelled = await dockerode.listContainers({ all: true, filters: { label: [OWNER] } });
  const left = labelled.filter(({ Labels }) => isGone(Labels[OWNER] ?? ''));
  await Promise.all(left.map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true })));
  return left.length;
}

function isGone(owner: string): boolean {
  const [host, pid] = owner.split('/');
  return host === hostname() && !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

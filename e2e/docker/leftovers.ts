import { hostname } from 'node:os';
import type { ContainerRuntimeClient } from 'testcontainers';

const OWNER = 'hatchet-otel.e2e.owner';

/** Returns the label of every container that a test starts: the host and process that must stop it. */
export function ownerLabel(): Record<string, string> {
  return { [OWNER]: `${hostname()}/${process.pid}` };
}

/**
 * Removes containers of earlier test runs that were killed. Keeps those of running processes, and of other hosts on the
 * same engine.
 *
 * @returns the number of removed containers
 */
export async function removeLeftovers(docker: ContainerRuntimeClient): Promise<number> {
  const { dockerode } = docker.container;
  const labelled = await dockerode.listContainers({ all: true, filters: { label: [OWNER] } });
  const leftovers = labelled.filter(({ Labels }) => isGone(Labels[OWNER] ?? ''));
  await Promise.all(leftovers.map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true })));
  return leftovers.length;
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

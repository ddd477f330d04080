import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { getContainerRuntimeClient } from 'testcontainers';
import { afterAll, expect, inject, it } from 'vitest';
import { ownerLabel, removeLeftovers } from './leftovers.ts';

const docker = await getContainerRuntimeClient();
const created: string[] = [];

afterAll(async () => {
  await Promise.all(
    created.map((id) =>
      docker.container.dockerode
        .getContainer(id)
        .remove({ force: true })
        .catch(() => {}),
    ),
  );
});

it('removes containers whose process has ended, and keeps those of running processes and of other hosts', async () => {
  const gone = spawnSync(process.execPath, ['--version']).pid;
  const [label] = Object.keys(ownerLabel());
  const left = await container({ [label!]: `${hostname()}/${gone}` });
  const mine = await container(ownerLabel());
  const elsewhere = await container({ [label!]: `another-host/${gone}` });

  expect(await removeLeftovers(docker)).toBeGreaterThanOrEqual(1);

  expect(await exists(left)).toBe(false);
  expect(await exists(mine)).toBe(true);
  expect(await exists(elsewhere)).toBe(true);
});

async function container(labels: Record<string, string>): Promise<string> {
  const { id } = await docker.container.dockerode.createContainer({ Image: inject('collectorImage'), Labels: labels });
  created.push(id);
  return id;
}

async function exists(id: string): Promise<boolean> {
  return (await docker.container.dockerode.listContainers({ all: true })).some(({ Id }) => Id === id);
}

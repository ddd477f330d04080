import { fileURLToPath } from 'node:url';
import { type Resources, startProcess } from '@hatchet-ts/trace-testing';
import { clientOf } from './engine.ts';

/** Worker in a process of its own, whose task `fragile` runs until that process is killed. */
export interface WorkerProcess {
  /** Resolves to the id of the first run that it has started. */
  started(): Promise<string>;
  kill(): Promise<unknown>;
}

export async function startWorkerProcess(resources: Resources, token: string): Promise<WorkerProcess> {
  const worker = await startProcess('node', [fileURLToPath(import.meta.url)], {
    env: { WORKER_TOKEN: token },
    ready: 'ready',
  });
  resources.defer(() => worker.kill());
  return {
    started: async () => (await worker.log.waitFor(/^[\da-f-]{36}$/)).text,
    kill: () => worker.kill(),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const client = clientOf(process.env.WORKER_TOKEN ?? '');
  const fragile = client.task({
    name: 'fragile',
    executionTimeout: '5m',
    fn: async (_, ctx) => {
      process.stdout.write(`${ctx.workflowRunId()}\n`);
      await new Promise(() => {});
      return {};
    },
  });
  const worker = await client.worker('mortal', { slots: 5, workflows: [fragile] });
  worker.start().catch(() => process.exit(1));
  await worker.waitUntilReady(20_000);
  process.stdout.write('ready\n');
}

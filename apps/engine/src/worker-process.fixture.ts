import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { clientOf } from './engine.fixture.ts';

/** A worker in a process of its own, whose task `fragile` runs until that process is killed. */
export interface WorkerProcess {
  /** Resolves to the id of the run that it has begun next. */
  started(): Promise<string>;
  /** As by the kernel that runs out of memory: no word to anybody. */
  kill(): Promise<void>;
}

export async function workerProcess(token: string): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url)], {
    env: { PATH: process.env.PATH, WORKER_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async () => String((await lines.next()).value);
  await next();
  return {
    started: next,
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
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

import { setTimeout as delay } from 'node:timers/promises';
import type { HatchetClient, JsonObject } from '@hatchet-dev/typescript-sdk';

export type Client = HatchetClient;

/** Work of a client inside a span of its own. Resolves when all of it has ended. */
export type Scenario = (hatchet: Client) => Promise<void>;

/** Scenarios by the name of their picture. */
export const SCENARIOS: Record<string, Scenario> = {
  async run(hatchet) {
    await hatchet.run('single', { n: 1 });
  },
  async 'nested children on two workers'(hatchet) {
    await hatchet.run('outer', {});
  },
  async bulk(hatchet) {
    await declareTask(hatchet, 'single').run([{ n: 1 }, { n: 2 }, { n: 3 }]);
  },
  async 'DAG with a retry'(hatchet) {
    await hatchet.run('pipeline', { fails: false });
  },
  async 'DAG with a failure branch'(hatchet) {
    await hatchet.run('pipeline', { fails: true }).catch(() => {});
  },
  async event(hatchet) {
    await hatchet.events.push('item:sold', { n: 1 }, { scope: 'shelf' });
  },
  async 'bulk of events'(hatchet) {
    await hatchet.events.bulkPush('item:returned', [{ payload: { n: 1 } }, { payload: { n: 2 } }]);
  },
  async schedule(hatchet) {
    await hatchet.schedules.create('single', { triggerAt: new Date(Date.now() + 1_500), input: { n: 1 } });
  },
  async cron(hatchet) {
    const cron = await hatchet.crons.create('ticking', { name: 'each-second', expression: '* * * * * *' });
    const rows = async () => (await hatchet.runs.list({ onlyTasks: true })).rows ?? [];
    while (!(await rows()).some(isDone('ticking'))) await delay(100);
    await hatchet.crons.delete(cron);
  },
  async 'durable sleep with eviction'(hatchet) {
    await hatchet.run('sleeper', {});
  },
  async 'durable steps'(hatchet) {
    await hatchet.run('steps', {});
  },
  async cancellation(hatchet) {
    const run = await hatchet.runNoWait('endless', {});
    const id = await run.getWorkflowRunId();
    await waitForStatus(hatchet, id, 'RUNNING');
    await hatchet.runs.cancel({ ids: [id] });
    await waitForStatus(hatchet, id, 'CANCELLED');
  },
  async timeout(hatchet) {
    await hatchet.run('slow', {}).catch(() => {});
  },
  async batch(hatchet) {
    await declareTask(hatchet, 'gathered').run([{ n: 1 }, { n: 2 }, { n: 3 }]);
  },
  async replay(hatchet) {
    const run = await hatchet.runNoWait('mended', { id: crypto.randomUUID() } as JsonObject);
    const id = await run.getWorkflowRunId();
    await waitForStatus(hatchet, id, 'FAILED');
    await hatchet.runs.replay({ ids: [id] });
    await waitForStatus(hatchet, id, 'COMPLETED');
  },
};

/** Declares a task of a worker by its name, as a client without its source does. */
function declareTask(hatchet: Client, name: string) {
  return hatchet.task({ name, fn: async ({ n }: { n: number }) => ({ n }) });
}

const isDone = (workflow: string) => (run: { workflowName?: string; status: string }) =>
  run.workflowName === workflow && run.status === 'COMPLETED';

async function waitForStatus(hatchet: Client, runId: string, wanted: string): Promise<void> {
  while ((await hatchet.runs.get_status(runId)) !== wanted) await delay(100);
}

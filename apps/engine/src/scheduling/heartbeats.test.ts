import type { Queryable } from '@hatchet-ts/storage';
import type { WorkerRow } from '@hatchet-ts/storage/workers';
import { expect, test } from 'vitest';
import { TIMING } from '../loops/timing.ts';
import { WorkerPool } from '../placement/worker-pool.ts';
import type { RunInput } from '../runs/state.ts';
import { HeartbeatMonitor, type HeartbeatMonitorDeps } from './heartbeats.ts';

/** Monitor of a lost worker with one attempt; `checked` resolves once its tasks were read that often. */
function monitorOf(rows: object[], deps: Partial<HeartbeatMonitorDeps> = {}) {
  const pool = new WorkerPool();
  const worker = { id: 'w', tenantId: 't', actions: [], slots: { default: 1 }, lastHeartbeatAt: 0 };
  pool.add(worker as unknown as WorkerRow);
  const context = { traceparent: null, tracestate: null, rootSpanId: null };
  pool.occupy({ taskId: 'a', retryCount: 0, runId: 'a', tenantId: 't', workerId: 'w', slots: {}, ...context });
  const checkedTwice = Promise.withResolvers<void>();
  let reads = 0;
  const db = {
    async query() {
      if (++reads === 3) checkedTwice.resolve();
      return { rows };
    },
  } as unknown as Queryable;
  const settlements: string[][] = [];
  const monitor = new HeartbeatMonitor({
    db,
    pool,
    async settleEach(inputs: readonly RunInput[]) {
      settlements.push(inputs.map(({ runId }) => runId));
      return inputs.filter(({ runId }) => runId === 'broken');
    },
    timing: { ...TIMING, heartbeat: 0, heartbeatCheck: 1 },
    mayRun: () => true,
    onError: (error) => expect.fail(String(error)),
    ...deps,
  });
  return { monitor, settlements, checkedTwice: checkedTwice.promise };
}

test('a lost worker whose attempts have ended in the database causes no settlement, and so no span', async () => {
  const { monitor, settlements, checkedTwice } = monitorOf([]);
  monitor.start();
  await checkedTwice;
  await monitor.stop();
  expect(settlements).toEqual([]);
});

test('a run that cannot be settled is not tried again at every check', async () => {
  const task = (runId: string) => ({ id: runId, runId, retryCount: 0, traceparent: null });
  const { monitor, settlements, checkedTwice } = monitorOf([task('broken'), task('a')]);
  monitor.start();
  await checkedTwice;
  await monitor.stop();
  expect(settlements.slice(0, 2)).toEqual([['broken', 'a'], ['a']]);
});

test('after a recovery the workers have the whole time for a heartbeat again', async () => {
  const timing = { ...TIMING, heartbeat: 60_000, heartbeatCheck: 1 };
  const checked = Promise.withResolvers<void>();
  let checks = 0;
  const mayRun = () => {
    if (++checks === 3) checked.resolve();
    return true;
  };
  const { monitor, settlements } = monitorOf([{ id: 'a', runId: 'a' }], { timing, mayRun });
  monitor.start();
  monitor.forgive();
  await checked.promise;
  await monitor.stop();
  expect(settlements).toEqual([]);
});

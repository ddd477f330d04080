import type { Queryable } from '@hatchet-ts/storage';
import type { WorkerRow } from '@hatchet-ts/storage/workers';
import { expect, test } from 'vitest';
import { TIMING } from '../loops/timing.ts';
import { WorkerPool } from '../placement/worker-pool.ts';
import { HeartbeatMonitor } from './heartbeats.ts';

test('a lost worker whose attempts have ended in the database causes no settlement, and so no span', async () => {
  const pool = new WorkerPool();
  const worker = { id: 'w', tenantId: 't', actions: [], slots: { default: 1 }, lastHeartbeatAt: 0 };
  pool.add(worker as unknown as WorkerRow);
  const context = { traceparent: null, tracestate: null, rootSpanId: null };
  pool.occupy({ taskId: 'a', retryCount: 0, runId: 'a', tenantId: 't', workerId: 'w', slots: {}, ...context });
  const checkedTwice = Promise.withResolvers<void>();
  let reads = 0;
  const db = {
    async query() {
      if (++reads === 2) checkedTwice.resolve();
      return { rows: [] };
    },
  } as unknown as Queryable;
  let settlements = 0;
  const monitor = new HeartbeatMonitor({
    db,
    pool,
    settle: async () => {
      settlements += 1;
    },
    timing: { ...TIMING, heartbeat: 0, heartbeatCheck: 1 },
    mayRun: () => true,
    onError: expect.fail,
  });
  monitor.start();
  await checkedTwice.promise;
  await monitor.stop();
  expect(settlements).toBe(0);
});

import type { WorkerRow } from '@hatchet-ts/storage/workers';
import { expect, test } from 'vitest';
import { WorkerPool } from './worker-pool.ts';

const NO_CONTEXT = { traceparent: null, tracestate: null, rootSpanId: null };

function poolOf(slots: Record<string, number>): WorkerPool {
  const pool = new WorkerPool();
  pool.add({ id: 'w', tenantId: 't', name: 'w', actions: ['a'], slots } as unknown as WorkerRow);
  return pool;
}

const attempt = (taskId: string, slots: Record<string, number>, batchId?: string) => ({
  taskId,
  retryCount: 0,
  runId: taskId,
  tenantId: 't',
  workerId: 'w',
  slots,
  ...(batchId === undefined ? {} : { batchId }),
  ...NO_CONTEXT,
});

test('a batch has its slots until the last of its attempts is over', () => {
  const pool = poolOf({ default: 2 });
  pool.occupy(attempt('a', { default: 1 }, 'batch'));
  pool.occupy(attempt('b', {}, 'batch'));
  pool.occupy(attempt('c', {}, 'batch'));
  for (const taskId of ['a', 'c']) {
    pool.release({ taskId, retryCount: 0 });
    expect(pool.free('w')).toEqual({ default: 1 });
  }
  pool.release({ taskId: 'b', retryCount: 0 });
  expect(pool.free('w')).toEqual({ default: 2 });
  expect(pool.batch('batch').size).toBe(0);
});

test('an attempt that gives its slots back stays in hand, and gives nothing back when it is over', () => {
  const pool = poolOf({ default: 1 });
  pool.occupy(attempt('a', { default: 1 }));
  expect(pool.free('w')).toEqual({ default: 0 });
  pool.occupy(attempt('a', {}));
  expect(pool.free('w')).toEqual({ default: 1 });
  expect(pool.attempt('a', 0)).toBeDefined();
  pool.release({ taskId: 'a', retryCount: 0 });
  expect(pool.free('w')).toEqual({ default: 1 });
});

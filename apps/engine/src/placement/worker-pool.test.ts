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

test('a batch keeps its slots until its last attempt ends', () => {
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

test('an attempt that released its slots early stays known, and releases nothing when it ends', () => {
  const pool = poolOf({ default: 1 });
  pool.occupy(attempt('a', { default: 1 }));
  expect(pool.free('w')).toEqual({ default: 0 });
  pool.occupy(attempt('a', {}));
  expect(pool.free('w')).toEqual({ default: 1 });
  expect(pool.attempt('a', 0)).toBeDefined();
  pool.release({ taskId: 'a', retryCount: 0 });
  expect(pool.free('w')).toEqual({ default: 1 });
});

const row = (taskId: string, slots: Record<string, number> = { default: 1 }, batchId?: string) =>
  attempt(taskId, slots, batchId);

test('an attempt that ends while the attempts are read does not occupy its worker again', async () => {
  const pool = poolOf({ default: 2 });
  pool.occupy(attempt('a', { default: 1 }));
  await pool.reconcile(async () => {
    const stored = [row('a'), row('b')];
    pool.release({ taskId: 'a', retryCount: 0 });
    pool.release({ taskId: 'b', retryCount: 0 });
    return stored;
  });
  expect(pool.free('w')).toEqual({ default: 2 });
  expect(pool.attempt('a', 0)).toBeUndefined();
});

test('known attempts occupy their slots while the attempts are read', async () => {
  const pool = poolOf({ default: 2 });
  pool.occupy(attempt('a', { default: 1 }));
  await pool.reconcile(async () => {
    expect(pool.free('w')).toEqual({ default: 1 });
    return [row('a')];
  });
  expect(pool.free('w')).toEqual({ default: 1 });
});

test('a reconciliation drops attempts that the database lacks, and adds those that the pool lacks', async () => {
  const pool = poolOf({ default: 5 });
  pool.occupy(attempt('gone', { default: 1 }));
  pool.occupy(attempt('released-slots', {}));
  await pool.reconcile(async () => [
    row('released-slots'),
    row('new'),
    row('item-1', { default: 1 }, 'batch'),
    row('item-2', { default: 1 }, 'batch'),
  ]);
  expect(pool.attempt('gone', 0)).toBeUndefined();
  expect(pool.batch('batch').size).toBe(2);
  // One slot for `new`, one for the whole batch.
  expect(pool.free('w')).toEqual({ default: 3 });
});

test('a failed reconciliation changes nothing and can be repeated', async () => {
  const pool = poolOf({ default: 2 });
  pool.occupy(attempt('a', { default: 1 }));
  await expect(pool.reconcile(() => Promise.reject(new Error('away')))).rejects.toThrow('away');
  expect(pool.free('w')).toEqual({ default: 1 });
  await pool.reconcile(async () => []);
  expect(pool.free('w')).toEqual({ default: 2 });
});

test('a worker that two calls look up at the same time has one row', () => {
  const pool = poolOf({ default: 1 });
  const known = pool.worker('w')!;
  known.unsubscribed = false;
  const stale = { ...known, unsubscribed: true };
  expect(pool.add(stale)).toBe(known);
  expect(pool.worker('w')).toBe(known);
});

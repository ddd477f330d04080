import type { BatchableTask } from '@hatchet-ts/storage/runs';
import { describe, expect, test } from 'vitest';
import { formBatches, MOST_BYTES } from './batches.ts';

function task(id: string, more: Partial<BatchableTask> = {}): BatchableTask {
  return { id, versionId: 'v1', step: 0, affinity: '', batchKey: '', queuedAt: 0, bytes: 10, ...more } as BatchableTask;
}

const form = (tasks: BatchableTask[], config: { maxSize: number; maxIntervalMs?: number }, at = 0) => {
  const { ready, nextAt } = formBatches(tasks, () => config, at);
  return { ready: ready.map(({ tasks, reason }) => [reason, ...tasks.map(({ id }) => id)]), nextAt };
};

describe('batches', () => {
  test('are formed in the order of the tasks once full, and the rest waits', () => {
    const tasks = ['a', 'b', 'c', 'd', 'e'].map((id) => task(id));
    expect(form(tasks, { maxSize: 2 })).toEqual({
      ready: [
        ['max_size', 'a', 'b'],
        ['max_size', 'c', 'd'],
      ],
      nextAt: null,
    });
  });

  test('that are not full are due once their first task has waited long enough', () => {
    const tasks = [task('a', { queuedAt: 100 }), task('b', { queuedAt: 900 })];
    const config = { maxSize: 5, maxIntervalMs: 1_000 };
    expect(form(tasks, config, 1_099)).toEqual({ ready: [], nextAt: 1_100 });
    expect(form(tasks, config, 1_100)).toEqual({ ready: [['max_interval', 'a', 'b']], nextAt: null });
  });

  test('hold tasks of one key, one step and one version, for the same workers', () => {
    const tasks = [
      task('a'),
      task('b', { batchKey: 'other' }),
      task('c', { step: 1 }),
      task('d', { versionId: 'v2' }),
      task('l', { affinity: '[]' }),
      task('e'),
    ];
    expect(form(tasks, { maxSize: 2 }).ready).toEqual([['max_size', 'a', 'e']]);
  });

  test('hold at most 4,000,000 bytes, counted with the other fields of their tasks', () => {
    const tasks = Array.from({ length: 100 }, (_, index) => task(`${index}`, { bytes: 100_000 }));
    const sizes = form(tasks, { maxSize: 1_000, maxIntervalMs: 0 }).ready.map((batch) => batch.length - 1);
    expect(sizes).toEqual([39, 39, 22]);
    const small = Array.from({ length: 1_000 }, (_, index) => task(`${index}`, { bytes: 4_000 }));
    expect(form(small, { maxSize: 1_000, maxIntervalMs: 0 }).ready[0]).toHaveLength(1 + 886);
  });

  test('stay below the size limit of a message to a worker', () => {
    const tasks = [task('a', { bytes: MOST_BYTES }), task('b', { bytes: 1 }), task('c', { bytes: MOST_BYTES })];
    expect(form(tasks, { maxSize: 9, maxIntervalMs: 0 }).ready).toEqual([
      ['max_size', 'a'],
      ['max_size', 'b'],
      ['max_interval', 'c'],
    ]);
  });
});

import type { Database, Queryable } from '@hatchet-ts/storage';
import { expect, test } from 'vitest';
import type { RunRequest } from '../runs/new-run.ts';
import type { Invocation } from './invocations.ts';
import { DurableLog, type LogDeps } from './log.ts';

test('a child that its key deduplicates is awaited under the id of the earlier run only', async () => {
  const task = { taskId: 'parent', tenantId: 't', status: 'RUNNING', invocation: 1, cursor: 0 };
  const transaction = {
    query: async ({ name }: { name: string }) => ({ rows: name === 'lock-durable-tasks' ? [{ ...task }] : [] }),
  } as unknown as Queryable;
  const db = { ...transaction, transaction: (work: (through: Queryable) => unknown) => work(transaction) };
  const awaited = new Set<string>();
  const ended: string[] = [];
  const log = new DurableLog({
    db: db as unknown as Database,
    factory: {
      prepare: async () => [{ id: 'new' }, { id: 'prepared' }],
      store: async () => ['new', 'earlier'],
      announce: () => {},
    } as unknown as LogDeps['factory'],
    matching: {
      awaitRun: (id: string) => awaited.add(id),
      forgetRun: (id: string) => awaited.delete(id),
      runEnded: (id: string) => ended.push(id),
    } as unknown as LogDeps['matching'],
    onSleep: () => {},
  });
  const request: RunRequest = { workflowName: 'child', input: '{}', metadata: {} };
  const invocation = { task: { ...task } } as unknown as Invocation;
  expect((await log.spawn(invocation, [request, request], undefined)).runIds).toEqual(['new', 'earlier']);
  expect([...awaited]).toEqual(['new', 'earlier']);
  expect(ended).toEqual(['earlier']);
});

import type { Queryable } from '@hatchet-ts/storage';
import { expect, test } from 'vitest';
import { Invocations } from './invocations.ts';

function failTest(error: unknown): void {
  expect.fail(String(error));
}

const STREAM = { tenantId: 't', send: () => {} };

/** Database with one running invocation of task `a`; the reads of it wait for `gate`. */
function databaseWith({ invocation, cursor }: { invocation: number; cursor: number }) {
  const gate = Promise.withResolvers<void>();
  const task = { taskId: 'a', runId: 'a', tenantId: 't', status: 'RUNNING', retryCount: 0, satisfiedCount: 0 };
  const db = {
    async query(statement: string | { name: string }) {
      await gate.promise;
      return { rows: typeof statement === 'string' ? [] : [{ ...task, invocation, cursor }] };
    },
  } as unknown as Queryable;
  return { db, answer: () => gate.resolve() };
}

test('an invocation that ends while its row is read is not kept', async () => {
  const { db, answer } = databaseWith({ invocation: 1, cursor: 0 });
  const invocations = new Invocations(db, failTest);
  const attached = invocations.attach(STREAM, [{ taskId: 'a', invocation: 1 }]);
  invocations.ended({ taskId: 'a', invocation: 1 });
  answer();
  expect([...(await attached).keys()]).toEqual([]);
});

test('the end of an earlier invocation does not affect the current one', async () => {
  const { db, answer } = databaseWith({ invocation: 2, cursor: 0 });
  const invocations = new Invocations(db, failTest);
  const attached = invocations.attach(STREAM, [{ taskId: 'a', invocation: 2 }]);
  invocations.ended({ taskId: 'a', invocation: 1 });
  answer();
  expect([...(await attached).keys()]).toEqual(['a']);
  invocations.ended({ taskId: 'a', invocation: 1 });
  expect([...(await invocations.attach(STREAM, [{ taskId: 'a', invocation: 2 }])).keys()]).toEqual(['a']);
});

test('a request that reads an invocation late keeps the state that another one has moved on', async () => {
  const slow = databaseWith({ invocation: 1, cursor: 0 });
  const fast = databaseWith({ invocation: 1, cursor: 0 });
  fast.answer();
  let reads = 0;
  // The first of the two calls reads slowly.
  const db = { query: (statement: never) => (reads++ === 0 ? slow : fast).db.query(statement) } as unknown as Queryable;
  const invocations = new Invocations(db, failTest);
  const ref = { taskId: 'a', invocation: 1 };
  const late = invocations.attach(STREAM, [ref]);
  const known = (await invocations.attach(STREAM, [ref])).get('a');
  slow.answer();
  expect((await late).get('a')).toBe(known);
  expect((await invocations.attach(STREAM, [ref])).get('a')).toBe(known);
});

test('a recovery drops invocations whose worker is away, because another engine may have answered them', async () => {
  const { db, answer } = databaseWith({ invocation: 1, cursor: 0 });
  answer();
  const invocations = new Invocations(db, failTest);
  const ref = { taskId: 'a', invocation: 1 };
  const before = (await invocations.attach(STREAM, [ref])).get('a');
  invocations.recover();
  expect((await invocations.attach(STREAM, [ref])).get('a')).toBe(before);
  invocations.closed(STREAM);
  invocations.recover();
  expect((await invocations.attach(STREAM, [ref])).get('a')).not.toBe(before);
});

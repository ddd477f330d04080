import { expect, test } from 'vitest';
import { type Attempt, AttemptMemory } from './attempt-memory.ts';

const span = (id: number) => ({ traceId: '1'.repeat(32), spanId: `${id}`.padStart(16, '0'), traceFlags: 1 });
const attempt = (taskRunId: string, retryCount: number, invocation = 0): Attempt => ({
  taskRunId,
  retryCount,
  invocation,
  span: span(retryCount + invocation + 1),
});

test('the attempt before is known when this worker ran it', () => {
  const memory = new AttemptMemory();
  memory.add(attempt('a', 0));
  expect(memory.previous('a', 1, 0)).toEqual(span(1));
  expect(memory.previous('a', 2, 0)).toBeUndefined(); // attempt 1 ran elsewhere
  expect(memory.previous('b', 1, 0)).toBeUndefined();
});

test('the invocation before of a durable task is known as well', () => {
  const memory = new AttemptMemory();
  memory.add(attempt('a', 0, 1));
  expect(memory.previous('a', 0, 2)).toEqual(span(2));
  expect(memory.previous('a', 0, 1)).toBeUndefined(); // a second delivery of the same
});

test('an attempt that was not recorded is not linked to', () => {
  const memory = new AttemptMemory();
  memory.add({ ...attempt('a', 0), span: undefined });
  expect(memory.previous('a', 1, 0)).toBeUndefined();
});

test('only the attempt that is meant is found', () => {
  const memory = new AttemptMemory();
  memory.add(attempt('a', 1));
  expect(memory.find('a', 1)?.retryCount).toBe(1);
  expect(memory.find('a', 0)).toBeUndefined();
  expect(memory.find('a', undefined)).toBeUndefined();
});

const watched = (taskRunId: string, retryCount: number): Attempt => ({
  ...attempt(taskRunId, retryCount),
  observe: () => undefined,
});

test('the memory is bounded: as many as the limit are known, the oldest are forgotten', () => {
  const memory = new AttemptMemory(2, 2);
  for (const id of ['a', 'b', 'c', 'd', 'a']) memory.add(attempt(id, 0)); // not watched
  expect(['a', 'b', 'c', 'd'].map((id) => memory.latest(id)?.taskRunId)).toEqual(['a', undefined, 'c', 'd']);
});

test('an attempt that runs is known however many others end, and what did not complete longer than what did', async () => {
  const memory = new AttemptMemory(2, 1);
  const [long, failed, completed] = ['long', 'failed', 'completed'].map((id) => watched(id, 0));
  for (const each of [long!, failed!, completed!]) memory.add(each);
  memory.end(failed!);
  memory.end(completed!, true);
  expect(memory.previous('completed', 1, 0)).toEqual(span(1));
  for (const id of ['a', 'b', 'c', 'd', 'e']) memory.add(attempt(id, 0));
  expect(memory.find('long', 0)).toBe(long);
  expect(memory.find('failed', 0)).toBe(failed);
  expect(memory.find('completed', 0)).toBeUndefined();
  const idle = memory.idle();
  memory.end(long!);
  await idle;
  expect(memory.find('long', 0)).toBe(long);
});

test('the end of an attempt is not the end of the one after it', () => {
  const memory = new AttemptMemory();
  const [first, second] = [watched('a', 0), watched('a', 1)];
  memory.add(first);
  memory.add(second);
  memory.end(first);
  expect(memory.latest('a')).toBe(second);
});

test('an attempt that completed after one that failed is the latest', () => {
  const memory = new AttemptMemory();
  for (const [retryCount, completed] of [
    [0, false],
    [1, true],
  ] as const) {
    const one = watched('a', retryCount);
    memory.add(one);
    memory.end(one, completed);
  }
  expect(memory.latest('a')?.retryCount).toBe(1);
});

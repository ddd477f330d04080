import { expect, test } from 'vitest';
import { type Attempt, AttemptMemory } from './attempt-memory.ts';

const span = (id: number) => ({ traceId: '1'.repeat(32), spanId: `${id}`.padStart(16, '0'), traceFlags: 1 });
const attempt = (taskRunId: string, retryCount: number, invocation = 0): Attempt => ({
  taskRunId,
  retryCount,
  invocation,
  span: span(retryCount + invocation + 1),
});

test('finds the previous attempt if this worker ran it', () => {
  const memory = new AttemptMemory();
  memory.add(attempt('a', 0));
  expect(memory.previous('a', 1, 0)).toEqual(span(1));
  expect(memory.previous('a', 2, 0)).toBeUndefined(); // attempt 1 ran elsewhere
  expect(memory.previous('b', 1, 0)).toBeUndefined();
});

test('finds the previous invocation of a durable task', () => {
  const memory = new AttemptMemory();
  memory.add(attempt('a', 0, 1));
  expect(memory.previous('a', 0, 2)).toEqual(span(2));
  expect(memory.previous('a', 0, 1)).toBeUndefined(); // a second delivery of the same
});

test('returns no link to an attempt that was not recorded', () => {
  const memory = new AttemptMemory();
  memory.add({ ...attempt('a', 0), span: undefined });
  expect(memory.previous('a', 1, 0)).toBeUndefined();
});

test('finds only the attempt with the right retry count', () => {
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

test('keeps as many attempts as the limit and drops the oldest', () => {
  const memory = new AttemptMemory(2, 2);
  for (const id of ['a', 'b', 'c', 'd', 'a']) memory.add(attempt(id, 0)); // not watched
  expect(['a', 'b', 'c', 'd'].map((id) => memory.latest(id)?.taskRunId)).toEqual(['a', undefined, 'c', 'd']);
});

test('keeps a running attempt however many others end, and unfinished ones longer than completed ones', async () => {
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

test('the end of an attempt does not end the next one', () => {
  const memory = new AttemptMemory();
  const [first, second] = [watched('a', 0), watched('a', 1)];
  memory.add(first);
  memory.add(second);
  memory.end(first);
  expect(memory.latest('a')).toBe(second);
});

test('a completed attempt after a failed one is the latest', () => {
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

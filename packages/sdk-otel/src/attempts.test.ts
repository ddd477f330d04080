import { expect, test } from 'vitest';
import { type Attempt, AttemptMemory } from './attempts.ts';

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

test('the memory is bounded: as many as the limit are known, the oldest are forgotten', () => {
  const memory = new AttemptMemory(2);
  for (const id of ['a', 'b', 'c', 'd', 'a']) memory.add(attempt(id, 0));
  expect(['a', 'b', 'c', 'd'].map((id) => memory.latest(id)?.taskRunId)).toEqual(['a', undefined, 'c', 'd']);
});

test('an attempt that runs is known however many others end, and afterwards like these', async () => {
  const memory = new AttemptMemory(2);
  const long: Attempt = { ...attempt('long', 0), observe: () => undefined };
  memory.add(long);
  for (const id of ['a', 'b', 'c', 'd', 'e']) memory.add(attempt(id, 0));
  expect(memory.find('long', 0)).toBe(long);
  const idle = memory.idle();
  memory.end(long);
  await idle;
  expect(memory.find('long', 0)).toBe(long);
});

test('the end of an attempt is not the end of the one after it', async () => {
  const memory = new AttemptMemory();
  const [first, second] = [0, 1].map((retryCount) => ({ ...attempt('a', retryCount), observe: () => undefined }));
  memory.add(first!);
  memory.add(second!);
  memory.end(first!);
  expect(memory.latest('a')).toBe(second);
});

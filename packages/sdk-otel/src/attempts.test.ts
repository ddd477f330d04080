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

test('the memory is bounded: the task that began longest ago goes first', () => {
  const memory = new AttemptMemory(2);
  memory.add(attempt('a', 0));
  memory.add(attempt('b', 0));
  memory.add(attempt('a', 1));
  memory.add(attempt('c', 0));
  expect(['a', 'b', 'c'].map((id) => memory.find(id, id === 'a' ? 1 : 0)?.taskRunId)).toEqual(['a', undefined, 'c']);
});

import { expect, test } from 'vitest';
import { retryDelayMs } from './backoff.ts';

test('the n-th retry waits factor to the power of n seconds, up to the limit', () => {
  const backoff = { factor: 2, maxSeconds: 5 };
  expect([1, 2, 3, 50].map((n) => retryDelayMs({ backoff }, n))).toEqual([2_000, 4_000, 5_000, 5_000]);
});

test('without back-off a retry is immediate', () => {
  expect(retryDelayMs({}, 3)).toBe(0);
});

import { expect, test } from 'vitest';
import { commandOf, PAGE_KEYS, TRACE_KEYS } from './keys.ts';

test('no key does two things', () => {
  const keys = [...TRACE_KEYS, ...PAGE_KEYS].flatMap((entry) => entry.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test('a key leads to its command, and any other to none', () => {
  expect([commandOf('n'), commandOf('N'), commandOf('=')]).toEqual(['next-error', 'previous-error', 'zoom-in']);
  expect(commandOf('F5')).toBeUndefined();
});

import { expect, test } from 'vitest';
import { commandOf, PAGE_KEYS, TRACE_KEYS } from './keys.ts';

test('no key has two commands', () => {
  const keys = [...TRACE_KEYS, ...PAGE_KEYS].flatMap((entry) => entry.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test('finds the command of a key, and none for other keys', () => {
  expect([commandOf('n'), commandOf('N'), commandOf('=')]).toEqual(['next-error', 'previous-error', 'zoom-in']);
  expect(commandOf('F5')).toBeUndefined();
});

import { expect, test } from 'vitest';
import { beginning, visibleText } from './visible-text.ts';

test('what could reorder, hide or fake text shows as an escape', () => {
  expect(visibleText('pay\u202eexe.js')).toBe('pay\\u202eexe.js');
  expect(visibleText('a\u0000b\u001b[31mc\u200bd\ufeffe\u2066')).toBe('a\\u0000b\\u001b[31mc\\u200bd\\ufeffe\\u2066');
  expect(visibleText('half \ud83d, tag \u{e0041}')).toBe('half \\ud83d, tag \\u{e0041}');
  expect(visibleText('<script>alert(1)</script> 注文 📦')).toBe('<script>alert(1)</script> 注文 📦');
});

test('lines stay lines only where they are wanted', () => {
  expect(visibleText('one\n\ttwo\r')).toBe('one\\n\\ttwo\\r');
  expect(visibleText('one\n\ttwo\r\u2028', { lines: true })).toBe('one\n\ttwo\\r\\u2028');
});

test('a long text is cut between characters', () => {
  expect(beginning('abcdef', 4)).toEqual({ shown: 'abcd', more: 2 });
  expect(beginning('abc📦f', 4)).toEqual({ shown: 'abc', more: 3 });
  expect(beginning('abc', 4)).toEqual({ shown: 'abc', more: 0 });
});

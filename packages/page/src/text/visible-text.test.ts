import { expect, test } from 'vitest';
import { beginning, visibleText } from './visible-text.ts';

test('shows characters that could reorder, hide or fake text as escapes', () => {
  expect(visibleText('pay\u202eexe.js')).toBe('pay\\u202eexe.js');
  expect(visibleText('a\u0000b\u001b[31mc\u200bd\ufeffe\u2066')).toBe('a\\u0000b\\u001b[31mc\\u200bd\\ufeffe\\u2066');
  expect(visibleText('half \ud83d, tag \u{e0041}')).toBe('half \\ud83d, tag \\u{e0041}');
  expect(visibleText('<script>alert(1)</script> 注文 📦')).toBe('<script>alert(1)</script> 注文 📦');
});

test('keeps line feeds only with `lines`', () => {
  expect(visibleText('one\n\ttwo\r')).toBe('one\\n\\ttwo\\r');
  expect(visibleText('one\n\ttwo\r\u2028', { lines: true })).toBe('one\n\ttwo\\r\\u2028');
});

test('cuts a long text between characters', () => {
  expect(beginning('abcdef', 4)).toEqual({ shown: 'abcd', more: 2 });
  expect(beginning('abc📦f', 4)).toEqual({ shown: 'abc', more: 3 });
  expect(beginning('abc', 4)).toEqual({ shown: 'abc', more: 0 });
});

import { expect, test } from 'vitest';
import { cells, cut, fit, printable } from './printable-text.ts';

test('replaces characters that could control a terminal or reorder its text', () => {
  expect(printable('\u001b[31mred\u0007')).toBe('\ufffd[31mred\ufffd');
  expect(printable('\u009b31m')).toBe('\ufffd31m');
  expect(printable('pay\u202eexe.js\u2066\u200f\u200b\ufeff')).toBe('pay\ufffdexe.js\ufffd\ufffd\ufffd');
  expect(printable('half \ud83d emoji')).toBe('half \ufffd emoji');
});

test('joins lines to one line', () => {
  expect(printable('  one\r\n\ttwo\u2028three\u0085four ')).toBe('one two three four');
});

test('counts two cells for a wide character, none for a combining mark', () => {
  expect(cells('order')).toBe(5);
  expect(cells('注文')).toBe(4);
  expect(cells('📦')).toBe(2);
  expect(cells('e\u0301')).toBe(1);
});

test('counts an emoji of several code points as one character', () => {
  const family = '👨\u200d👩\u200d👧';
  expect(['🇩🇪', '👍🏽', family, 'ｱ'].map(cells)).toEqual([2, 2, 2, 1]);
  expect(cut(`${family}${family}`, 3)).toBe(`${family}…`);
  expect(fit('🇩🇪 order', 10)).toBe('🇩🇪 order  ');
});

test('cuts text between characters, and pads it', () => {
  expect(cut('注文処理', 6)).toBe('注文…');
  expect(cut('注文処理', 8)).toBe('注文処理');
  expect(cut('anything', 0)).toBe('');
  expect(fit('注文処理', 6)).toBe('注文… ');
  expect(fit('12', 5, 'right')).toBe('   12');
});

import { expect, test } from 'vitest';
import { durationMs, metadataField } from './fields.ts';

test.each([
  ['60s', 60_000],
  ['1h30m5s', 5_405_000],
  ['500ms', 500],
  ['1.5s', 1_500],
  ['.5m', 30_000],
  ['1us', 1],
  ['10000h', 2_147_483_647],
])('%s is %i ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each(['', '5', 's', '1h 5m', '-1s', '1d', '5s!', 'soon'])('"%s" is not a duration', (text) => {
  expect(durationMs(text)).toBeUndefined();
});

test('metadata may hold the text \\u0000, not the character', () => {
  expect(metadataField(String.raw`{"path":"C:\\u0000","even":"\\\\u0000"}`)).toEqual({
    path: String.raw`C:\u0000`,
    even: String.raw`\\u0000`,
  });
  for (const text of [String.raw`{"a":"\u0000"}`, String.raw`{"a":"\\\u0000"}`, String.raw`{"\u0000":1}`])
    expect(() => metadataField(text), text).toThrow('U+0000');
});

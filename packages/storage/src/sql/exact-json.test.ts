import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseExactly, stringifyExactly } from './exact-json.ts';

it('keeps numbers as they were written', () => {
  const text =
    '{"big":9007199254740993,"one":1.0,"huge":1e400,"half":0.5,"list":[-9223372036854775808,"1.0",null,true]}';
  expect(JSON.stringify(parseExactly(text))).toBe(text);
  expect(stringifyExactly(parseExactly(text))).toBe(text);
});

it('writes a bigint as an integer', () => {
  expect(stringifyExactly({ id: [2n ** 63n - 1n] })).toBe('{"id":[9223372036854775807]}');
});

it('leaves all other JSON unchanged', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(JSON.parse(JSON.stringify(parseExactly(text)))).toEqual(JSON.parse(text));
    }),
  );
});

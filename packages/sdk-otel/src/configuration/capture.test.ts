import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { captureValues, truncate } from './capture.ts';

test('nothing is recorded or read unless configured', () => {
  const toJSON = vi.fn();
  expect(captureValues({}, { payload: { toJSON }, metadata: { toJSON } })).toEqual({});
  expect(captureValues({ metadata: true }, { payload: { toJSON }, metadata: { a: 1 } })).toEqual({
    additional_metadata: '{"a":1}',
  });
  expect(toJSON).not.toHaveBeenCalled();
});

test('a redactor gets objects, also on the worker, where data arrive as text', () => {
  const redact = (value: unknown, key: string) => ({ ...(value as object), card: `no ${key}` });
  expect(captureValues({ payload: true, redact }, { payload: '{"card":"4111"}' })).toEqual({
    payload: '{"card":"no payload"}',
  });
  expect(captureValues({ payload: true, redact: () => undefined }, { payload: 'secret' })).toEqual({
    payload: undefined,
  });
});

test('a value that cannot be serialized is left out', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  expect(captureValues({ payload: true }, { payload: cycle })).toEqual({ payload: undefined });
  expect(captureValues({ payload: true }, { payload: 1n })).toEqual({ payload: undefined });
});

test('a long value is cut and marked', () => {
  expect(captureValues({ payload: true, maxBytes: 10 }, { payload: 'x'.repeat(11) })).toEqual({
    payload: `${'x'.repeat(7)}…`,
  });
  expect(captureValues({ payload: true, maxBytes: 10 }, { payload: 'x'.repeat(10) })).toEqual({
    payload: 'x'.repeat(10),
  });
  const { payload } = captureValues({ payload: true }, { payload: 'x'.repeat(5000) });
  expect(Buffer.byteLength(payload!)).toBe(4096);
});

test('the cut never splits a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 3, max: 60 }), (text, maxBytes) => {
      const cut = truncate(text, maxBytes);
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(maxBytes);
      if (cut === text) return;
      expect(cut.endsWith('…')).toBe(true);
      expect(text.startsWith(cut.slice(0, -1))).toBe(true);
      expect(cut).not.toContain('\uFFFD');
    }),
  );
});

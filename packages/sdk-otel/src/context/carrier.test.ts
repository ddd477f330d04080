import { createTraceState, type SpanContext } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCarrier, TRACEPARENT, TRACESTATE, writeCarrier } from './carrier.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const VALID = `00-${TRACE}-${SPAN}-01`;

describe('reading', () => {
  test('reads the context from an object and from JSON text', () => {
    const context = { traceId: TRACE, spanId: SPAN, traceFlags: 1, isRemote: true };
    expect(readCarrier({ traceparent: VALID, team: 'a' })).toEqual(context);
    expect(readCarrier(JSON.stringify({ team: 'a', traceparent: VALID }))).toEqual(context);
  });

  test.each([
    ['upper case', VALID.toUpperCase()],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `${VALID}-x`],
    ['a line break at the end', `${VALID}\n`],
    ['white space', ` ${VALID}`],
    ['less', VALID.slice(0, -1)],
    ['no text', 7],
  ])('rejects %s', (_what, traceparent) => {
    expect(readCarrier({ traceparent })).toBeUndefined();
  });

  test('reads the known fields of a later version', () => {
    expect(readCarrier({ traceparent: `cc-${TRACE}-${SPAN}-01-what-the-future-brings` })?.spanId).toBe(SPAN);
  });

  test('keeps unknown flags: the Python SDK sends 03', () => {
    expect(readCarrier({ traceparent: `00-${TRACE}-${SPAN}-03` })?.traceFlags).toBe(3);
  });

  test('reads tracestate only beside a valid traceparent', () => {
    expect(readCarrier({ traceparent: VALID, tracestate: 'a=1,b=2' })?.traceState?.get('b')).toBe('2');
    expect(readCarrier({ tracestate: 'a=1' })).toBeUndefined();
    expect(readCarrier({ traceparent: 'mine', tracestate: 'a=1' })).toBeUndefined();
  });

  test('ignores user keys named baggage or similar to traceparent', () => {
    expect(readCarrier({ baggage: 'two suitcases', 'x-traceparent': VALID })).toBeUndefined();
  });

  test('returns undefined if a getter throws', () => {
    expect(
      readCarrier({
        get traceparent() {
          throw new Error('mine');
        },
      }),
    ).toBeUndefined();
  });

  test('never throws for any value', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.anything(), fc.json(), traceparentLike()), (given) => {
        for (const metadata of [
          given,
          { traceparent: given, tracestate: given },
          `{"traceparent":${typeof given === 'string' ? given : 1}}`,
        ]) {
          const read = readCarrier(metadata);
          if (read) expect(writeCarrier(undefined, read)[TRACEPARENT]).toMatch(/^00-/);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('writing', () => {
  test("makes the round trip and keeps the user's keys", () => {
    fc.assert(
      fc.property(spanContext(), fc.dictionary(fc.string(), fc.string()), (context, metadata) => {
        const before = structuredClone(metadata);
        const written = writeCarrier(metadata, context);
        const { traceState, ...read } = readCarrier(written)!;
        expect(read).toEqual({ ...context, traceState: undefined, isRemote: true });
        expect(traceState?.serialize()).toBe(context.traceState?.serialize() || undefined);
        expect(readCarrier(JSON.stringify(written))).toEqual(readCarrier(written));
        expect({ ...metadata, [TRACEPARENT]: 0, [TRACESTATE]: 0 }).toEqual({
          ...written,
          [TRACEPARENT]: 0,
          [TRACESTATE]: 0,
        });
        expect(metadata).toEqual(before); // never the caller's object
      }),
    );
  });

  test('removes the tracestate of another context', () => {
    const context = { traceId: TRACE, spanId: SPAN, traceFlags: 1 };
    expect(writeCarrier({ traceparent: 'x', tracestate: 'a=1' }, context)).toEqual({ traceparent: VALID });
  });

  test('does not write an invalid context', () => {
    const nothing: SpanContext = { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
    expect(writeCarrier({ team: 'a' }, nothing)).toEqual({ team: 'a' });
  });
});

function hex(length: number): fc.Arbitrary<string> {
  return fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    .filter((id) => /[^0]/.test(id));
}

function spanContext(): fc.Arbitrary<SpanContext> {
  return fc
    .record({
      traceId: hex(32),
      spanId: hex(16),
      traceFlags: fc.integer({ min: 0, max: 255 }),
      state: fc.option(fc.constantFrom('a=1', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE'), { nil: undefined }),
    })
    .map(({ state, ...context }) => (state ? { ...context, traceState: createTraceState(state) } : context));
}

function traceparentLike(): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom('00', '01', 'ff', 'cc'), hex(32), hex(16), hex(2), fc.constantFrom('', '-', '-x'))
    .map(([version, trace, span, flags, rest]) => `${version}-${trace}-${span}-${flags}${rest}`);
}

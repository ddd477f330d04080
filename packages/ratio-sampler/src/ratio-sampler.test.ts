import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isTraceIdSampled, TraceIdRatioSampler } from './ratio-sampler.ts';

/** Go's `uint64(ratio * (1 << 63))` and `binary.BigEndian.Uint64(id[8:16]) >> 1`, in arbitrary precision. */
function model(traceId: string, ratio: number): boolean {
  if (ratio >= 1) return true;
  return BigInt(`0x${traceId.slice(16)}`) >> 1n < BigInt(Math.floor(ratio * 2 ** 63));
}

const hex = (digits: number) =>
  fc.bigInt({ min: 0n, max: 16n ** BigInt(digits) - 1n }).map((n) => n.toString(16).padStart(digits, '0'));

describe('isTraceIdSampled', () => {
  it.each([
    ['0000000000000000ffffffffffffffff', 0.5, false],
    ['80000000000000000000000000000001', 0.5, true],
    ['ffffffff00000000000000000000002a', 0.5, true],
    ['7fffffffffffffff8000000000000000', 0.5, false],
    ['cb524fe58245d7ee00a2f4a26f047019', 0.1, true],
    ['21975955003112e7c017feb4e8fe3d57', 0.1, false],
  ])('decides %s at ratio %d as Go does: %s', (traceId, ratio, sampled) => {
    expect(isTraceIdSampled(traceId, ratio)).toBe(sampled);
  });

  it('equals the arbitrary-precision model for any id and ratio', () => {
    const ratio = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(hex(32), ratio, (traceId, r) => isTraceIdSampled(traceId, r) === model(traceId, r)),
      { numRuns: 20_000 },
    );
  });

  it('equals the model for ids at and around the bound of any ratio', () => {
    const ratio = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(hex(16), ratio, fc.integer({ min: -3, max: 3 }), (left, r, offset) => {
        const bits = (BigInt(Math.floor(r * 2 ** 63)) * 2n + BigInt(offset) + 2n ** 64n) % 2n ** 64n;
        const traceId = left + bits.toString(16).padStart(16, '0');
        return isTraceIdSampled(traceId, r) === model(traceId, r);
      }),
      { numRuns: 20_000 },
    );
  });

  it('drops the id that is exactly the bound and keeps the one below it', () => {
    expect(isTraceIdSampled('00000000000000008000000000000000', 0.5)).toBe(false);
    expect(isTraceIdSampled('00000000000000007fffffffffffffff', 0.5)).toBe(true);
  });

  it('keeps nothing at ratio 0, not even an id of zeros', () => {
    expect(isTraceIdSampled('00000000000000000000000000000000', 0)).toBe(false);
  });

  it('keeps everything at ratio 1, even the largest id', () => {
    expect(isTraceIdSampled('ffffffffffffffffffffffffffffffff', 1)).toBe(true);
  });

  it('keeps exactly two right halves at 2^-63 and none below it', () => {
    const right = (last: string) => `ffffffffffffffff000000000000000${last}`;
    expect(['0', '1', '2'].map((last) => isTraceIdSampled(right(last), 2 ** -63))).toEqual([true, true, false]);
    expect(isTraceIdSampled(right('0'), 2 ** -64)).toBe(false);
    expect(isTraceIdSampled(right('0'), Number.MIN_VALUE)).toBe(false);
  });

  it('reads upper-case digits like lower-case ones and never keeps an id that is not hexadecimal', () => {
    expect(isTraceIdSampled('0000000000000000FFFFFFFFFFFFFFFF', 0.5)).toBe(false);
    expect(isTraceIdSampled('not a trace id', 0.999)).toBe(false);
  });
});

describe('TraceIdRatioSampler', () => {
  it('returns the decision of the API, whatever the parent’s flag is', () => {
    const sampler = new TraceIdRatioSampler(0.5);
    expect(sampler.shouldSample(undefined, '80000000000000000000000000000001')).toEqual({ decision: 2 });
    expect(sampler.shouldSample(undefined, '0000000000000000ffffffffffffffff')).toEqual({ decision: 0 });
    expect(`${sampler}`).toBe('TraceIdRatioSampler{0.5}');
  });

  it.each([-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY])('rejects %d', (ratio) => {
    expect(() => new TraceIdRatioSampler(ratio)).toThrow(RangeError);
  });
});

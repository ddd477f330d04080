/**
 * Samples by trace id alone and ignores the parent's flag: bit for bit the decision of `TraceIDRatioBased` in
 * OpenTelemetry Go, and so of Hatchet's services. Services in both languages with the same ratio keep and drop the same
 * traces. OpenTelemetry JS's own ratio sampler decides differently (open-telemetry/opentelemetry-js#6503).
 *
 * Implements the `Sampler` interface of OpenTelemetry 2.x and 3.x and depends on neither.
 */
export class TraceIdRatioSampler {
  readonly #ratio: number;
  readonly #bound: Bound;

  /**
   * @param ratio share of all traces to keep, from 0 (none) to 1 (all)
   * @throws RangeError if the ratio is not a number from 0 to 1
   */
  constructor(ratio: number) {
    if (!(ratio >= 0 && ratio <= 1))
      throw new RangeError(`ratio ${ratio} is invalid: expected a number from 0 to 1, for example 0.25`);
    this.#ratio = ratio;
    this.#bound = boundOf(ratio);
  }

  /** Decides by the trace id; ignores the other arguments of the SDK. */
  shouldSample(_context: unknown, traceId: string): { decision: SamplingDecision } {
    return { decision: isBelow(traceId, this.#bound) ? RECORD_AND_SAMPLED : NOT_RECORD };
  }

  toString(): string {
    return `TraceIdRatioSampler{${this.#ratio}}`;
  }
}

/**
 * Returns true if a trace is kept at a ratio: if `trace_id[8:16]` as a big-endian number, shifted right by one, is less
 * than `ratio · 2⁶³`.
 *
 * @param traceId 32 hexadecimal digits; anything else is never kept at a ratio below 1
 * @param ratio share of all traces to keep; 0 and below keeps none, 1 and above keeps all
 */
export function isTraceIdSampled(traceId: string, ratio: number): boolean {
  return isBelow(traceId, boundOf(ratio));
}

/** Values of `SamplingDecision` in the OpenTelemetry API. */
type SamplingDecision = typeof NOT_RECORD | typeof RECORD_AND_SAMPLED;
const NOT_RECORD = 0;
const RECORD_AND_SAMPLED = 2;

/** A 63-bit integer as two numbers, the upper 31 bits and the lower 32: doubles hold only 53 bits, and BigInt is slow. */
interface Bound {
  readonly high: number;
  readonly low: number;
}

/** Bound above every 63-bit number: keeps all traces. */
const ALL: Bound = { high: 2 ** 31, low: 0 };

function boundOf(ratio: number): Bound {
  if (ratio >= 1) return ALL;
  // Scaling by a power of two is exact; Go truncates when it converts to uint64.
  const bound = Math.floor(Math.max(ratio, 0) * 2 ** 63);
  const high = Math.floor(bound / 2 ** 32);
  return { high, low: bound - high * 2 ** 32 };
}

function isBelow(traceId: string, bound: Bound): boolean {
  if (bound === ALL) return true;
  const upper = Number.parseInt(traceId.slice(16, 24), 16);
  const high = Math.floor(upper / 2);
  if (high !== bound.high) return high < bound.high;
  const lower = Number.parseInt(traceId.slice(24, 32), 16);
  return (upper % 2) * 2 ** 31 + Math.floor(lower / 2) < bound.low;
}

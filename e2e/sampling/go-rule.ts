/**
 * Returns the sampling decision of Hatchet's Go services for a trace. Written with big integers from the specification,
 * not from our sampler: `trace_id[8:16] as big-endian >> 1 < ratio · 2^63`.
 *
 * @param traceId - 32 hex digits
 * @param ratio - in [0, 1]
 */
export function isKept(traceId: string, ratio: number): boolean {
  // Go converts the product to an integer in the same way, towards zero
  return BigInt(`0x${traceId.slice(16)}`) >> 1n < BigInt(Math.trunc(ratio * 2 ** 63));
}

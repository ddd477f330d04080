const UNIT_MILLIS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h)/gy;

/**
 * Parses a duration in the syntax of Go's `time.ParseDuration` (`1h30m`, `1.5s`, `500ms`), without signs.
 *
 * @returns milliseconds, with a fraction for units below 1 ms; undefined if the text is not a duration
 */
export function parseGoDuration(text: string): number | undefined {
  let millis = 0;
  let end = 0;
  for (const part of text.matchAll(PART)) {
    millis += Number(part[1]) * (UNIT_MILLIS[part[2] ?? ''] ?? 0);
    end = part.index + part[0].length;
  }
  return end > 0 && end === text.length ? millis : undefined;
}

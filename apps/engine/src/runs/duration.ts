const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
const PART = /(\d+(?:\.\d+)?|\.\d+)(ns|us|µs|ms|s|m|h)/gy;
/** The longest that fits the database's column: 24 days. */
const LONGEST_MS = 2_147_483_647;

/** Milliseconds of a duration as Go writes it (`1h30m`, `1.5s`, `500ms`), at most `longest`; undefined when it is none. */
export function parseDuration(text: string, longest = LONGEST_MS): number | undefined {
  let total = 0;
  let end = 0;
  for (const match of text.matchAll(PART)) {
    total += Number(match[1]) * (UNIT_MS[match[2] ?? ''] ?? 0);
    end = match.index + match[0].length;
  }
  if (end === 0 || end !== text.length) return undefined;
  return Math.min(Math.ceil(total), longest);
}

import { diag } from '@opentelemetry/api';
import { HATCHET_ATTRIBUTES, type HatchetAttribute } from './attributes.ts';

/** A name that `excludedAttributes` takes, with or without the prefix. */
export type ExcludableAttribute = HatchetAttribute | (typeof HATCHET_ATTRIBUTES)[HatchetAttribute];

/** The union of several lists of names. A name that is no attribute of ours is reported once in this process. */
export function excludedSet(...lists: (readonly string[] | undefined)[]): ReadonlySet<HatchetAttribute> {
  const excluded = new Set<HatchetAttribute>();
  for (const given of lists.flatMap((list) => list ?? [])) {
    const name = given.startsWith(PREFIX) ? given.slice(PREFIX.length) : given;
    if (name in HATCHET_ATTRIBUTES) excluded.add(name as HatchetAttribute);
    else reportOnce(given, name);
  }
  return excluded;
}

/** `HATCHET_CLIENT_OPENTELEMETRY_EXCLUDED_ATTRIBUTES`: names with commas between them, or a JSON list of them. */
export function parseExcludedAttributes(text: string | undefined): string[] {
  const trimmed = text?.trim() ?? '';
  if (trimmed.startsWith('[')) {
    try {
      const list: unknown = JSON.parse(trimmed);
      if (Array.isArray(list)) return list.filter((entry): entry is string => typeof entry === 'string');
    } catch {
      diag.warn(
        `@hatchet-ts/sdk-otel: ${EXCLUDED_ATTRIBUTES_VARIABLE} is no JSON list; write ["payload"] or payload,scope`,
      );
      return [];
    }
  }
  return trimmed
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** The variable that Hatchet's SDK reads too. */
export const EXCLUDED_ATTRIBUTES_VARIABLE = 'HATCHET_CLIENT_OPENTELEMETRY_EXCLUDED_ATTRIBUTES';

const PREFIX = 'hatchet.';
const reported = new Set<string>();

function reportOnce(given: string, name: string): void {
  if (reported.has(given)) return;
  reported.add(given);
  const known = Object.keys(HATCHET_ATTRIBUTES);
  const nearest = known.reduce((best, candidate) =>
    distance(name, candidate) < distance(name, best) ? candidate : best,
  );
  diag.warn(
    `@hatchet-ts/sdk-otel: excludedAttributes names "${given}", which is no attribute; did you mean "${nearest}"?`,
  );
}

// Levenshtein, one row at a time
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

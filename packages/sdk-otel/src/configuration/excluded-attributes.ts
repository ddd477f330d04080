import { nearestName } from '@hatchet-ts/internal/nearest-name';
import { diag } from '@opentelemetry/api';
import { HATCHET_ATTRIBUTES, type HatchetAttribute } from '../tables/attributes.ts';

/** Attribute name for `excludedAttributes`, with or without the prefix. */
export type ExcludableAttribute = HatchetAttribute | (typeof HATCHET_ATTRIBUTES)[HatchetAttribute];

/** Merges lists of attribute names. An unknown name is reported once per process. */
export function excludedSet(...lists: (readonly string[] | undefined)[]): ReadonlySet<HatchetAttribute> {
  const excluded = new Set<HatchetAttribute>();
  for (const given of lists.flatMap((list) => list ?? [])) {
    const name = given.startsWith(PREFIX) ? given.slice(PREFIX.length) : given;
    if (Object.hasOwn(HATCHET_ATTRIBUTES, name)) excluded.add(name as HatchetAttribute);
    else reportOnce(given, name);
  }
  return excluded;
}

/** Parses `HATCHET_CLIENT_OPENTELEMETRY_EXCLUDED_ATTRIBUTES`: a comma-separated or a JSON list of names. */
export function parseExcludedAttributes(text: string | undefined): string[] {
  const trimmed = text?.trim() ?? '';
  if (trimmed.startsWith('[')) {
    try {
      const list: unknown = JSON.parse(trimmed);
      if (Array.isArray(list)) return list.filter((entry): entry is string => typeof entry === 'string');
    } catch {
      diag.warn(
        `@hatchet-ts/sdk-otel: ${EXCLUDED_ATTRIBUTES_VARIABLE} is not a valid JSON list; write ["payload"] or payload,scope`,
      );
      return [];
    }
  }
  return trimmed
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Variable that Hatchet's SDK also reads. */
export const EXCLUDED_ATTRIBUTES_VARIABLE = 'HATCHET_CLIENT_OPENTELEMETRY_EXCLUDED_ATTRIBUTES';

const PREFIX = 'hatchet.';
const reported = new Set<string>();

function reportOnce(given: string, name: string): void {
  if (reported.has(given)) return;
  reported.add(given);
  const nearest = nearestName(name, Object.keys(HATCHET_ATTRIBUTES));
  const suggestion = nearest ? `; did you mean "${nearest}"?` : '';
  diag.warn(`@hatchet-ts/sdk-otel: excludedAttributes contains the unknown attribute "${given}"${suggestion}`);
}

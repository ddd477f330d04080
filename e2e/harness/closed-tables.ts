import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { SEMANTIC_CONVENTIONS } from '../../packages/sdk-otel/reference/descriptions.ts';
import { ATTRIBUTES } from '../../packages/sdk-otel/src/tables/attributes.ts';
import { SPANS } from '../../packages/sdk-otel/src/tables/spans.ts';
import { ENGINE_ATTRIBUTES, RUN_ATTRIBUTES } from '../../packages/server-otel/src/spans/attributes.ts';
import { ENGINE_PREFIX, ENGINE_SPANS, RUN_PREFIX, RUN_SPANS } from '../../packages/server-otel/src/spans/names.ts';

/** The tables of the packages: whatever is sent stands in one of them. */
export interface Names {
  readonly spans: ReadonlySet<string>;
  readonly attributes: ReadonlySet<string>;
}

/** Of the spans whose names begin with `hatchet.`, and of those of calls, requests and statements. */
export const TABLES: Names = {
  spans: new Set([
    ...Object.values(SPANS).map(({ name }) => name),
    ...Object.keys(RUN_SPANS).map((name) => RUN_PREFIX + name),
    ...Object.keys(ENGINE_SPANS).map((name) => ENGINE_PREFIX + name),
  ]),
  attributes: new Set([
    ...Object.values(ATTRIBUTES).map(({ key }) => key),
    ...Object.keys(RUN_ATTRIBUTES).map((key) => RUN_PREFIX + key),
    ...Object.keys(ENGINE_ATTRIBUTES).map((key) => `hatchet.${key}`),
    'hatchet.span_source',
    ...SEMANTIC_CONVENTIONS.map(([key]) => key),
  ]),
};

/** Stable semantic conventions: of RPC, HTTP and databases. */
const CONVENTIONS = /^(rpc|http|url|server|client|network|user_agent|db|error)\./;

/** Calls, requests and statements are called what they are. */
const OF_A_SERVICE = /^([\w.]+\/\w+|[A-Z]+ \/\S*|pg[.-]\S+( \S+)?)$/;

/** What is sent and stands in no table; a user's own spans are theirs. */
export function strangers(spans: readonly WaterfallSpan[]): string[] {
  const found = new Set<string>();
  for (const { name, attributes } of spans) {
    const isOurs = name.startsWith('hatchet.');
    if (isOurs && !TABLES.spans.has(name)) found.add(`the span ${name}`);
    if (!isOurs && !OF_A_SERVICE.test(name)) continue;
    for (const key of Object.keys(attributes)) {
      if (!TABLES.attributes.has(key) && !CONVENTIONS.test(key)) found.add(`${key} of ${name}`);
    }
  }
  return [...found].sort();
}

/** What stands in a table and is not among these spans. */
export function unseen(spans: readonly WaterfallSpan[]): { spans: string[]; attributes: string[] } {
  const names = new Set(spans.map(({ name }) => name));
  const keys = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
  return {
    spans: [...TABLES.spans].filter((name) => !names.has(name)).sort(),
    attributes: [...TABLES.attributes].filter((key) => !keys.has(key)).sort(),
  };
}

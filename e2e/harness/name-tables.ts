import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { SEMANTIC_CONVENTIONS } from '../../packages/sdk-otel/reference/descriptions.ts';
import { ATTRIBUTES } from '../../packages/sdk-otel/src/tables/attributes.ts';
import { SPANS } from '../../packages/sdk-otel/src/tables/spans.ts';
import { ENGINE_ATTRIBUTES, RUN_ATTRIBUTES } from '../../packages/server-otel/src/spans/attributes.ts';
import { ENGINE_PREFIX, ENGINE_SPANS, RUN_PREFIX, RUN_SPANS } from '../../packages/server-otel/src/spans/names.ts';

/** Span and attribute names of the packages' own tables, which are complete: every exported name is in one of them. */
const TABLES = {
  spans: new Set<string>([
    ...Object.values(SPANS).map(({ name }) => name),
    ...Object.keys(RUN_SPANS).map((name) => RUN_PREFIX + name),
    ...Object.keys(ENGINE_SPANS).map((name) => ENGINE_PREFIX + name),
  ]),
  attributes: new Set<string>([
    ...Object.values(ATTRIBUTES).map(({ key }) => key),
    ...Object.keys(RUN_ATTRIBUTES).map((key) => RUN_PREFIX + key),
    ...Object.keys(ENGINE_ATTRIBUTES).map((key) => `hatchet.${key}`),
    'hatchet.span_source',
    ...SEMANTIC_CONVENTIONS.map(([key]) => key),
  ]),
};

/** Attributes of the stable semantic conventions for RPC, HTTP and databases. */
const CONVENTIONS = /^(rpc|http|url|server|client|network|user_agent|db|error)\./;

/** Span names of gRPC calls, HTTP requests and SQL statements. */
const INSTRUMENTED_SPAN = /^([\w.]+\/\w+|[A-Z]+ \/\S*|pg[.-]\S+( \S+)?)$/;

/** Returns exported names that no table has. A user's own spans are not checked. */
export function undocumentedNames(spans: readonly WaterfallSpan[]): string[] {
  const found = new Set<string>();
  for (const { name, attributes } of spans) {
    const isHatchet = name.startsWith('hatchet.');
    if (isHatchet && !TABLES.spans.has(name)) found.add(`span ${name}`);
    if (!isHatchet && !INSTRUMENTED_SPAN.test(name)) continue;
    for (const key of Object.keys(attributes)) {
      if (!TABLES.attributes.has(key) && !CONVENTIONS.test(key)) found.add(`attribute ${key} of ${name}`);
    }
  }
  return [...found].sort();
}

/** Returns names in the tables that none of the spans has. */
export function unusedNames(spans: readonly WaterfallSpan[]): { spans: string[]; attributes: string[] } {
  const names = new Set(spans.map(({ name }) => name));
  const keys = new Set(spans.flatMap(({ attributes }) => Object.keys(attributes)));
  return {
    spans: [...TABLES.spans].filter((name) => !names.has(name)).sort(),
    attributes: [...TABLES.attributes].filter((key) => !keys.has(key)).sort(),
  };
}

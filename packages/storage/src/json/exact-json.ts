/** What TypeScript's own declarations do not know yet: https://github.com/tc39/proposal-json-parse-with-source. */
const { rawJSON } = JSON as JSON & { rawJSON(text: string): object };

/**
 * `JSON.parse` for data that is handed on: a number that would be written otherwise than it was read (an integer beyond
 * 2^53, `1.0`, `1e400`) becomes an opaque object that `JSON.stringify` writes as it was.
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown, context?: { source?: string }) => {
    const source = context?.source;
    return typeof item === 'number' && source !== undefined && String(item) !== source ? rawJSON(source) : item;
  });
}

/** `JSON.stringify` that writes a `bigint` as the integer that it is. */
export function stringifyExactly(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? rawJSON(String(item)) : item));
}

/** TypeScript's declarations lack `rawJSON`: https://github.com/tc39/proposal-json-parse-with-source. */
const { rawJSON } = JSON as JSON & { rawJSON(text: string): object };

/**
 * Parses JSON that will be serialized again. A number that would change on the way (an integer beyond 2^53, `1.0`,
 * `1e400`) becomes an opaque object, which `JSON.stringify` writes unchanged.
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown, context?: { source?: string }) => {
    const source = context?.source;
    return typeof item === 'number' && source !== undefined && String(item) !== source ? rawJSON(source) : item;
  });
}

/** Serializes JSON, with each `bigint` as an integer. */
export function stringifyExactly(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? rawJSON(String(item)) : item));
}

/** What TypeScript's own declarations do not know yet: https://github.com/tc39/proposal-json-parse-with-source. */
const { rawJSON } = JSON as JSON & { rawJSON(text: string): object };

const INTEGER = /^-?\d+$/;

/** `JSON.stringify` that writes a `bigint` as the integer that it is. */
export function stringifyExactly(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? rawJSON(String(item)) : item));
}

/** `JSON.parse` that reads an integer beyond 2^53 as a `bigint`. */
export function parseExactly(text: string): unknown {
  return JSON.parse(text, (_key, item: unknown, context?: { source?: string }) => {
    const source = context?.source;
    if (typeof item !== 'number' || Number.isSafeInteger(item) || !source || !INTEGER.test(source)) return item;
    return BigInt(source);
  });
}

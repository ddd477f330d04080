import type { Attributes, AttributeValue } from '@hatchet-ts/storage/traces';
import type { AnyValue, KeyValue } from './generated/trace-service.ts';

/** Span that cannot be stored; the message is sent to the exporter. */
export class SpanRejection extends Error {
  override readonly name = 'SpanRejection';
}

/** Deepest nesting of a value; deeper ones could exhaust the stack. */
const MAX_DEPTH = 32;

/**
 * Reads OTLP attributes; the last value of a duplicate key wins.
 *
 * @throws SpanRejection for values that PostgreSQL's JSON cannot hold: NUL characters and non-finite numbers.
 */
export function attributesFrom(pairs: KeyValue[], depth = 0): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [checkedText(key, 'an attribute name'), valueFrom(value, key, depth)]),
  );
}

/** Returns the text unless it contains a NUL character, which PostgreSQL does not store. */
export function checkedText(text: string, what: string): string {
  if (text.includes('\0')) throw new SpanRejection(`${what} contains a NUL character`);
  return text;
}

function valueFrom(any: AnyValue | undefined, key: string, depth: number): AttributeValue {
  if (depth > MAX_DEPTH) throw new SpanRejection(`${quoted(key)} is nested more than ${MAX_DEPTH} levels deep`);
  const value = any?.value;
  if (!value) return null;
  switch (value.$case) {
    case 'stringValue':
      return checkedText(value.value, quoted(key));
    case 'doubleValue':
      if (!Number.isFinite(value.value))
        throw new SpanRejection(`${quoted(key)} is ${value.value}, not a finite number`);
      return value.value;
    case 'bytesValue':
      return Buffer.from(value.value).toString('base64');
    case 'arrayValue':
      return value.value.values.map((item) => valueFrom(item, key, depth + 1));
    case 'kvlistValue':
      return attributesFrom(value.value.values, depth + 1);
    default:
      return value.value;
  }
}

function quoted(key: string): string {
  return `attribute ${JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key)}`;
}

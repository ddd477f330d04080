import type { Attributes, AttributeValue } from '@hatchet-ts/storage/traces';
import type { AnyValue, KeyValue } from './generated/trace-service.ts';

/** Takes a note of a field that was changed because PostgreSQL cannot store it; the exporter is sent the notes. */
export type TakeNote = (fault: string) => void;

/** Deepest nesting of a value; deeper ones could exhaust the stack. */
const MAX_DEPTH = 32;

/**
 * Reads OTLP attributes; the last value of a duplicate key wins. A value that PostgreSQL's JSON cannot hold is replaced: a
 * NUL character by U+FFFD, a non-finite number by its name, and a value that is nested too deep by `…`.
 */
export function attributesFrom(pairs: KeyValue[], takeNote: TakeNote, depth = 0): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value }) => [
      storableText(key, 'an attribute name', takeNote),
      valueFrom(value, key, takeNote, depth),
    ]),
  );
}

/** Replaces NUL characters, which PostgreSQL does not store. */
export function storableText(text: string, what: string, takeNote: TakeNote): string {
  if (!text.includes('\0')) return text;
  takeNote(`${what} contains a NUL character`);
  return text.replaceAll('\0', '\ufffd');
}

function valueFrom(any: AnyValue | undefined, key: string, takeNote: TakeNote, depth: number): AttributeValue {
  if (depth > MAX_DEPTH) {
    takeNote(`${quoted(key)} is nested more than ${MAX_DEPTH} levels deep`);
    return '…';
  }
  const value = any?.value;
  if (!value) return null;
  switch (value.$case) {
    case 'stringValue':
      return storableText(value.value, quoted(key), takeNote);
    case 'doubleValue':
      if (Number.isFinite(value.value)) return value.value;
      takeNote(`${quoted(key)} is ${value.value}, not a finite number`);
      return String(value.value);
    case 'bytesValue':
      return Buffer.from(value.value).toString('base64');
    case 'arrayValue':
      return value.value.values.map((item) => valueFrom(item, key, takeNote, depth + 1));
    case 'kvlistValue':
      return attributesFrom(value.value.values, takeNote, depth + 1);
    default:
      return value.value;
  }
}

function quoted(key: string): string {
  return `attribute ${JSON.stringify(key.length > 100 ? `${key.slice(0, 100)}…` : key)}`;
}

import { Refusal } from '../refusal.ts';
import type { Metadata } from '../runs/metadata.ts';

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** A field that must hold a UUID, in lower case. */
export function uuidField(value: string, field: string): string {
  if (UUID.test(value)) return value.toLowerCase();
  throw new Refusal('invalid', `${field} must be a UUID`);
}

export function isUuid(value: string): boolean {
  return UUID.test(value);
}

/** A field that must hold JSON text; nothing at all is an empty object. */
export function jsonField(text: string, field: string): string {
  if (text === '') return '{}';
  parse(text, field);
  return text;
}

/** A field that must hold a JSON object, or nothing. */
export function metadataField(text: string | undefined, field = 'additionalMetadata'): Metadata {
  if (!text) return {};
  const value = parse(text, field);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('invalid', `${field} must be a JSON object`);
  }
  // PostgreSQL's jsonb has no place for it.
  if (text.includes('\\u0000')) throw new Refusal('invalid', `${field} must not contain the character U+0000`);
  return value as Metadata;
}

/** A priority from 1 to 3, or none. */
export function priorityField(value: number | undefined, field = 'priority'): number | undefined {
  if (value === undefined || value === 0) return undefined;
  if (Number.isInteger(value) && value >= 1 && value <= 3) return value;
  throw new Refusal('invalid', `${field} must be 1 (low), 2 (medium) or 3 (high)`);
}

/** Text as PostgreSQL can hold it. */
export function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

function parse(text: string, field: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal('invalid', `${field} must be JSON`);
  }
}

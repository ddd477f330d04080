import { parseGoDuration } from '@hatchet-ts/internal/go-duration';
import { isUuid } from '@hatchet-ts/internal/uuid';
import { Refusal } from '../refusal.ts';
import type { Metadata } from '../runs/context.ts';

/** Longest duration that the database's column holds: 24 days. */
const LONGEST_MS = 2_147_483_647;

/** Reads a UUID, in lower case. */
export function uuidField(value: string, field: string): string {
  if (isUuid(value)) return value.toLowerCase();
  throw new Refusal('invalid', `${field} must be a UUID`);
}

/** Parses a duration as Go writes it, such as 1h30m, into milliseconds of at most `longest`; undefined if it is not one. */
export function durationMs(text: string, longest = LONGEST_MS): number | undefined {
  const millis = parseGoDuration(text);
  return millis === undefined ? undefined : Math.min(Math.ceil(millis), longest);
}

/** Reads JSON text; empty text becomes an empty object. */
export function jsonField(text: string, field: string): string {
  if (text === '') return '{}';
  parse(text, field);
  return text;
}

/** An escaped U+0000 in JSON. After an even number of backslashes, the last one is not the escape's. */
const NUL_ESCAPE = /(?<!\\)(?:\\\\)*\\u0000/;

/** Reads a JSON object; empty text becomes an empty one. */
export function metadataField(text: string | undefined, field = 'additionalMetadata'): Metadata {
  if (!text) return {};
  const value = parse(text, field);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal('invalid', `${field} must be a JSON object`);
  }
  // PostgreSQL's jsonb cannot hold it.
  if (NUL_ESCAPE.test(text)) throw new Refusal('invalid', `${field} must not contain the character U+0000`);
  return value as Metadata;
}

/** Reads a priority from 1 to 3; 0 means none. */
export function priorityField(value: number | undefined, field = 'priority'): number | undefined {
  if (value === undefined || value === 0) return undefined;
  if (Number.isInteger(value) && value >= 1 && value <= 3) return value;
  throw new Refusal('invalid', `${field} must be 1 (low), 2 (medium) or 3 (high)`);
}

/** Replaces U+0000, which PostgreSQL cannot hold. */
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

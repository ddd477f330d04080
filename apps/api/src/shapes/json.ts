import { parseExactly } from '@hatchet-ts/storage/json';
import { z } from 'zod';

/** A JSON object of the user's. */
export const JSON_OBJECT = z.record(z.string(), z.unknown());
export const TIME = z.iso.datetime();

/**
 * A stored JSON text as part of an answer, its numbers as they were written. Hatchet's SDKs expect an object: none is
 * `{}`, and anything else is the `value` of one.
 */
export function objectOf(text: string | null): Record<string, unknown> {
  if (!text) return {};
  const value = parsedText(text);
  if (value === null) return {};
  return isObject(value) ? value : { value };
}

/** Leaves out what is null or undefined. */
export function present<Shape extends object>(shape: Shape): { [Key in keyof Shape]: Exclude<Shape[Key], null> } {
  const entries = Object.entries(shape).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Shape]: Exclude<Shape[Key], null> };
}

/** A stored JSON text as part of an answer; the text itself when it is no JSON. */
export function parsedText(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  // a number that is kept as it was written is an object to JavaScript
  return typeof value === 'object' && value !== null && JSON.stringify(value).startsWith('{');
}

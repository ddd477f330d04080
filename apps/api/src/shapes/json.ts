import { parseExactly } from '@hatchet-ts/storage/json';
import { z } from 'zod';

/** A JSON object of the user. */
export const JSON_OBJECT = z.record(z.string(), z.unknown());
export const TIME = z.iso.datetime();

/**
 * Converts a stored JSON text to an object, with exact numbers. Hatchet's SDKs expect an object: an empty text becomes
 * `{}`, and another value becomes the `value` of an object.
 */
export function objectOf(text: string | null): Record<string, unknown> {
  if (!text) return {};
  const value = parsedText(text);
  if (value === null) return {};
  return isObject(value) ? value : { value };
}

/** Removes the fields that are null or undefined. */
export function present<Shape extends object>(shape: Shape): { [Key in keyof Shape]: Exclude<Shape[Key], null> } {
  const entries = Object.entries(shape).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Shape]: Exclude<Shape[Key], null> };
}

/** Parses a stored JSON text, with exact numbers. Returns the text itself if it is not JSON. */
export function parsedText(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  // an exact number is an object, too
  return typeof value === 'object' && value !== null && JSON.stringify(value).startsWith('{');
}

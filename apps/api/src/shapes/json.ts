import { parseExactly } from '@hatchet-ts/storage/json';

/** A stored JSON text as part of an answer, its numbers as they were written; `{}` for none, the text when it is no JSON. */
export function jsonOf(text: string | null): unknown {
  if (!text) return {};
  try {
    return parseExactly(text);
  } catch {
    return text;
  }
}

/** Leaves out what is null or undefined. */
export function present<Shape extends object>(shape: Shape): { [Key in keyof Shape]: Exclude<Shape[Key], null> } {
  const entries = Object.entries(shape).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof Shape]: Exclude<Shape[Key], null> };
}

/**
 * Longest text that an index holds, in bytes of UTF-8. PostgreSQL rejects index entries above 2,704 bytes, and one index
 * has two texts.
 */
export const MOST_KEY_BYTES = 1_024;

/** Reason for which a text cannot be stored in an index, as the predicate of a sentence; undefined if it can. */
export function keyProblem(text: string): string | undefined {
  if (text.includes('\0')) return 'must not contain the character U+0000';
  const bytes = Buffer.byteLength(text);
  return bytes > MOST_KEY_BYTES ? `has ${bytes} bytes, more than the limit of ${MOST_KEY_BYTES}` : undefined;
}

import { readFileSync } from 'node:fs';
import { reasonOf } from './file-reason.ts';
import { headerValue } from './values.ts';

/**
 * The value of the `Authorization` header that stands in a file, without the line break at its end.
 * What is wrong otherwise ends the sentence "expected …"; the content is a secret and never part of it.
 */
export function readAuthFile(path: string): { readonly auth: string } | { readonly problem: string } {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    return { problem: `a file that can be read (${reasonOf(error)})` };
  }
  const value = headerValue().safeParse(content);
  if (!value.success) return { problem: 'a file with one line of printable ASCII characters' };
  if (value.data === '') return { problem: 'a file with the value of the Authorization header; this one is empty' };
  return { auth: value.data };
}

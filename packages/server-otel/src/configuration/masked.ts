/**
 * A refused value as an error may show it. Credentials are secrets wherever someone puts them: in a URL, in its
 * query, as a header where a path was asked for, or as the content of a key file.
 */
export function masked(value: string): string {
  if (value.includes('-----BEGIN') || AUTHORIZATION.test(value)) return '(hidden)';
  const shown = value.replace(/(\/\/|^)[^/@\s]+@/, '$1(hidden)@').replace(/\?.*$/s, '?(hidden)');
  return shown.length > LONGEST ? `${shown.slice(0, LONGEST)}…` : shown;
}

const AUTHORIZATION = /^\s*(bearer|basic|token|api-?key|digest|negotiate)\b/i;
const LONGEST = 200;

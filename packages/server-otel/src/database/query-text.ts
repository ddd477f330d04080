/** Longest recorded statement, in UTF-16 code units. Reading a statement of megabytes would block the event loop. */
export const MAX_QUERY_TEXT = 8192;

/**
 * Returns a statement as `db.query.text` records it: cut at {@link MAX_QUERY_TEXT}. The text of a query with parameters is
 * written by the application and kept. In any other text each literal becomes `?` and comments are left out, because they
 * may hold users' data.
 */
export function recordedQueryText(text: string, hasParameters: boolean): string {
  // Cut first: a literal without its end is masked up to the end of the text.
  const isCut = text.length > MAX_QUERY_TEXT;
  const kept = isCut ? text.slice(0, MAX_QUERY_TEXT).toWellFormed() : text;
  const recorded = hasParameters ? kept : kept.replace(TOKEN, maskToken);
  return isCut ? `${recorded}…` : recorded;
}

function maskToken(token: string): string {
  if (token.startsWith('--') || token.startsWith('/*')) return ' ';
  return KEPT.test(token) ? token : '?';
}

/**
 * One token of PostgreSQL's lexical structure (manual, section 4.1) that can be a literal or contain its signs. Two texts
 * are ambiguous, and the rest of the statement is masked with them: a backslash before the quote of a plain string, which
 * ends the string only with `standard_conforming_strings`, and a comment in a comment.
 */
const TOKEN = new RegExp(
  [
    String.raw`--[^\n\r]*`,
    String.raw`/\*(?:(?!\*/|/\*)[\s\S])*(?:\*/|/\*[\s\S]*|$)`,
    '"(?:[^"]|"")*"?',
    String.raw`[eE]'(?:[^'\\]|\\[\s\S]|'')*(?:'|\\?$)`,
    String.raw`(?:[bBnNxX]|[uU]&)?'(?:[^'\\]|''|\\[^'])*(?:'|\\'[\s\S]*|\\?$)`,
    String.raw`\$\d+`,
    String.raw`(\$(?:[A-Za-z_\x80-\uffff][\w\x80-\uffff]*)?\$)[\s\S]*?(?:\1|$)`,
    String.raw`[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*`,
    String.raw`(?:\d|\.\d)[\w.]*(?:(?<=[\d._][eE])[+-]\d+)?`,
  ].join('|'),
  'g',
);

/** A name, a quoted name, or a parameter. */
const KEPT = /^(?:[A-Za-z_\x80-\uffff][\w$\x80-\uffff]*|"[\s\S]*|\$\d+)$/;

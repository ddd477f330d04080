import { stripVTControlCharacters } from 'node:util';

/** Control characters other than tab, line feed and carriage return. PostgreSQL stores no NUL; nobody displays the others. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
const CONTROL = /[\0-\x08\v\f\x0e-\x1f\x7f]/;
const CONTROLS = new RegExp(CONTROL, 'g');

/**
 * Removes terminal colors and replaces other control characters with U+FFFD, so that every store takes the text and every
 * terminal displays it. A text without control characters is returned as it is, at the cost of one scan.
 */
export function cleanText(text: string): string {
  return CONTROL.test(text) ? stripVTControlCharacters(text).replace(CONTROLS, '\ufffd') : text;
}

/** Cuts a text to at most `length` UTF-16 code units; a cut text ends with `…` and never within a surrogate pair. */
export function cutText(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = isHighSurrogate(text.charCodeAt(length - 2)) ? length - 2 : length - 1;
  return `${text.slice(0, end)}…`;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

/**
 * Makes untrusted text visible. Shows characters that could reorder, hide or fake text (control, format and bidirectional
 * characters, lone surrogates) as escapes. Keeps line feeds and tabs with `lines`.
 */
export function visibleText(text: string, { lines = false }: { lines?: boolean } = {}): string {
  return text.replace(lines ? HIDDEN_BUT_LINES : HIDDEN, escaped);
}

/** Cuts a long text, never within a character, and counts the characters that are left out. */
export function beginning(text: string, most: number): { shown: string; more: number } {
  if (text.length <= most) return { shown: text, more: 0 };
  const end = /[\ud800-\udbff]/.test(text[most - 1]!) ? most - 1 : most;
  return { shown: text.slice(0, end), more: text.length - end };
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const HIDDEN_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escaped(character: string): string {
  const code = character.codePointAt(0)!.toString(16);
  return SHORT[character] ?? (code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`);
}

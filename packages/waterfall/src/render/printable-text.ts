import stringWidth from 'string-width';

/**
 * Makes any text safe to print on one line. Replaces every character that could move the cursor or color, reorder or hide
 * text (control, format and bidirectional characters, lone surrogates). White space becomes a single space.
 */
export function printable(text: string): string {
  return text
    .replace(/[\s\u0085]+/gu, ' ')
    .replace(/\p{Variation_Selector}/gu, '')
    .replace(UNPRINTABLE, '\ufffd')
    .trim();
}

/** Number of terminal cells that printable text takes. */
export function cells(text: string): number {
  return stringWidth(text);
}

/** Cuts text to at most `width` cells, and marks the cut with `…`. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (cells(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += cells(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Cuts or pads text to exactly `width` cells; `align` is the side of the text. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const shown = cut(text, width);
  const space = ' '.repeat(Math.max(0, width - cells(shown)));
  return align === 'left' ? shown + space : space + shown;
}

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const graphemes = new Intl.Segmenter('en');

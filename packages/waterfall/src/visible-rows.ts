import type { WaterfallRow } from './layout.ts';

/** Which rows are closed, in few words: an address holds it. */
export interface Folds {
  /** Rows of this depth and deeper begin closed. Without it only those that look the same are. */
  level?: number;
  /** Keys of rows that are not as they began: closed, or opened. */
  toggled: ReadonlySet<string>;
}

export const UNFOLDED: Folds = { toggled: new Set() };

/** Indexes of the rows that are in sight, top to bottom. */
export function visibleRows(rows: readonly WaterfallRow[], folds: Folds): number[] {
  const visible: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    visible.push(i);
    if (isClosed(rows[i]!, folds)) i += rows[i]!.below;
  }
  return visible;
}

export function isClosed(row: WaterfallRow, { level, toggled }: Folds): boolean {
  if (row.below === 0) return false;
  const begins = row.group === 'same' || (level !== undefined && row.depth >= level);
  return begins !== toggled.has(row.key);
}

/** Opens what is closed and closes what is open. */
export function toggle({ level, toggled }: Folds, key: string): Folds {
  const next = new Set(toggled);
  if (!next.delete(key)) next.add(key);
  return { level, toggled: next };
}

/** Opens what is above a row, so that it is in sight. */
export function reveal(rows: readonly WaterfallRow[], index: number, folds: Folds): Folds {
  let revealed = folds;
  for (let above = rows[index]?.parent ?? -1; above >= 0; above = rows[above]!.parent) {
    if (isClosed(rows[above]!, revealed)) revealed = toggle(revealed, rows[above]!.key);
  }
  return revealed;
}

/** One level less in sight (`fewer`), or one more: from the deepest that is open, whatever was opened by hand. */
export function foldLevel(rows: readonly WaterfallRow[], folds: Folds, direction: 'fewer' | 'more'): Folds {
  const opened = visibleRows(rows, folds)
    .map((index) => rows[index]!)
    .filter((row) => row.below > 0 && !isClosed(row, folds));
  const deepest = opened.reduce((depth, row) => Math.max(depth, row.depth), -1);
  const next: Folds = { level: Math.max(0, direction === 'fewer' ? deepest : deepest + 2), toggled: new Set() };
  const nothingClosed = visibleRows(rows, next).every((i) => rows[i]!.group === 'same' || !isClosed(rows[i]!, next));
  return nothingClosed ? UNFOLDED : next;
}

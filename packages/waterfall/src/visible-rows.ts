import type { WaterfallRow } from './layout.ts';

/** Rows that begin closed: what they hold looks the same. */
export function startsClosed(row: WaterfallRow): boolean {
  return row.group === 'same';
}

/**
 * Indexes of the rows that are in sight, top to bottom.
 *
 * @param toggled keys of rows that are not as they began: closed, or opened ({@link startsClosed})
 */
export function visibleRows(rows: readonly WaterfallRow[], toggled: ReadonlySet<string>): number[] {
  const visible: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    visible.push(i);
    if (isClosed(rows[i]!, toggled)) i += rows[i]!.below;
  }
  return visible;
}

export function isClosed(row: WaterfallRow, toggled: ReadonlySet<string>): boolean {
  return row.below > 0 && startsClosed(row) !== toggled.has(row.key);
}

/** What must be toggled so that a row is in sight: everything above it is open then. */
export function reveal(rows: readonly WaterfallRow[], index: number, toggled: ReadonlySet<string>): Set<string> {
  const next = new Set(toggled);
  for (let above = rows[index]?.parent ?? -1; above >= 0; above = rows[above]!.parent) {
    if (isClosed(rows[above]!, next)) flip(next, rows[above]!.key);
  }
  return next;
}

/** Opens what is closed and closes what is open. */
export function toggle(toggled: ReadonlySet<string>, key: string): Set<string> {
  const next = new Set(toggled);
  flip(next, key);
  return next;
}

/** Opens all rows above a level and closes those of it: level 0 leaves the roots in sight. What begins closed stays so. */
export function foldToLevel(rows: readonly WaterfallRow[], level: number): Set<string> {
  const closed = rows.filter((row) => row.below > 0 && row.depth >= level && !startsClosed(row));
  return new Set(closed.map((row) => row.key));
}

/** The deepest level at which a row in sight is open: what one level less would close. -1 when all is closed. */
export function openLevel(rows: readonly WaterfallRow[], toggled: ReadonlySet<string>): number {
  return visibleRows(rows, toggled)
    .map((index) => rows[index]!)
    .filter((row) => row.below > 0 && !isClosed(row, toggled))
    .reduce((deepest, row) => Math.max(deepest, row.depth), -1);
}

function flip(keys: Set<string>, key: string): void {
  if (!keys.delete(key)) keys.add(key);
}

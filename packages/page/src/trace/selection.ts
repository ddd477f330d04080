import { type Folds, isClosed, toggle, type WaterfallRow } from '@hatchet-ts/waterfall/browser';

export type Move = 'up' | 'down' | 'first' | 'last' | 'page-up' | 'page-down' | 'in' | 'out';

interface Selection {
  /** Index of the selected row. */
  selected: number;
  folds: Folds;
}

/**
 * Moves the selection. As in any tree, `in` opens a closed row and then goes to its first child, and `out` closes an open
 * row and then goes to its parent.
 *
 * @param visible indexes of the visible rows
 * @param selected index of the selected row; -1 for none
 * @param page number of rows in a page
 */
export function moveSelection(
  rows: readonly WaterfallRow[],
  { visible, selected, folds, page }: { visible: readonly number[]; selected: number; folds: Folds; page: number },
  move: Move,
): Selection {
  const row = rows[selected];
  if (!row) return { selected: visible[move === 'last' ? visible.length - 1 : 0] ?? -1, folds };
  const at = visible.indexOf(selected);
  const to = (index: number): Selection => ({
    selected: visible[Math.min(visible.length - 1, Math.max(0, index))]!,
    folds,
  });
  const steps: Record<Exclude<Move, 'in' | 'out'>, () => Selection> = {
    up: () => to(at - 1),
    down: () => to(at + 1),
    first: () => to(0),
    last: () => to(visible.length - 1),
    'page-up': () => to(at - page),
    'page-down': () => to(at + page),
  };
  if (move !== 'in' && move !== 'out') return steps[move]();
  const closed = isClosed(row, folds);
  if (move === 'in') {
    if (closed) return { selected, folds: toggle(folds, row.key) };
    return row.below > 0 ? to(at + 1) : { selected, folds };
  }
  if (row.below > 0 && !closed) return { selected, folds: toggle(folds, row.key) };
  return row.parent >= 0 ? { selected: row.parent, folds } : { selected, folds };
}

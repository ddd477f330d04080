import { attemptKey, isEngineAttempt, isRun, isWorkerAttempt, runOf } from '../read/hatchet-spans.ts';
import type { WaterfallSpan } from '../read/span.ts';
import type { TraceLayout, WaterfallRow } from './trace-layout.ts';

/** Closed and open rows, compact enough for a URL. */
export interface Folds {
  /** Rows of this depth and deeper are closed at first. Without it, only groups that look the same are. */
  level?: number;
  /** Keys of rows that were opened or closed since. */
  toggled: ReadonlySet<string>;
}

export const UNFOLDED: Folds = { toggled: new Set() };

/** Indexes of the visible rows, top to bottom. */
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
  const closedAtFirst = row.group === 'same' || (level !== undefined && row.depth >= level);
  return closedAtFirst !== toggled.has(row.key);
}

/** Opens a closed row, or closes an open one. */
export function toggle({ level, toggled }: Folds, key: string): Folds {
  const next = new Set(toggled);
  if (!next.delete(key)) next.add(key);
  return { level, toggled: next };
}

/** Opens the ancestors of a row, so that it is visible. */
export function reveal(rows: readonly WaterfallRow[], index: number, folds: Folds): Folds {
  let revealed = folds;
  for (let above = rows[index]?.parent ?? -1; above >= 0; above = rows[above]!.parent) {
    if (isClosed(rows[above]!, revealed)) revealed = toggle(revealed, rows[above]!.key);
  }
  return revealed;
}

/** Shows one level less (`fewer`) or more than the deepest open one; rows opened by hand are reset. */
export function foldLevel(rows: readonly WaterfallRow[], folds: Folds, direction: 'fewer' | 'more'): Folds {
  const opened = visibleRows(rows, folds)
    .map((index) => rows[index]!)
    .filter((row) => row.below > 0 && !isClosed(row, folds));
  const deepest = opened.reduce((depth, row) => Math.max(depth, row.depth), -1);
  const next: Folds = { level: Math.max(0, direction === 'fewer' ? deepest : deepest + 2), toggled: new Set() };
  const nothingClosed = visibleRows(rows, next).every((i) => rows[i]!.group === 'same' || !isClosed(rows[i]!, next));
  return nothingClosed ? UNFOLDED : next;
}

/**
 * Indexes of the rows with an error, top to bottom; a group whose members have rows is left out. One failure counts once:
 * the engine's span of an attempt that the worker also reports is no error of its own, and a run's span is one only if
 * nothing else in the trace tells the failure of that run. The number is so the same with and without the engine's spans.
 */
export function errorRows({ rows }: TraceLayout): number[] {
  const failures = rows.flatMap(({ spans }) => spans.filter(({ status }) => status === 'ERROR'));
  const reported = new Set(failures.filter(isWorkerAttempt).map(attemptKey));
  const told = new Set(failures.filter((span) => !isRun(span)).map(runOf));
  const isOwnError = (span: WaterfallSpan): boolean => {
    if (span.status !== 'ERROR') return false;
    if (isRun(span)) return !told.has(runOf(span)) && !told.has('');
    return !(isEngineAttempt(span) && reported.has(attemptKey(span)));
  };
  return rows.flatMap((row, index) => (row.spans.some(isOwnError) && !(row.group && row.below > 0) ? [index] : []));
}

/** Finds the slowest member of a group, or undefined for a row that is none. */
export function slowestMember(rows: readonly WaterfallRow[], index: number): number | undefined {
  const group = rows[index];
  if (!group?.group) return undefined;
  const end = index + 1 + group.below;
  let slowest: number | undefined;
  for (let i = index + 1; i < end; i += rows[i]!.below + 1) {
    if (slowest === undefined || lengthOf(rows[i]!) > lengthOf(rows[slowest]!)) slowest = i;
  }
  return slowest;
}

function lengthOf({ bars: [bar] }: WaterfallRow): number {
  return bar ? bar.to - bar.from : 0;
}

/** Finds the next error after a row (or before it, with `back`), and continues at the other end; undefined if there is none. */
export function nextError(errors: readonly number[], index: number, direction: 'on' | 'back'): number | undefined {
  return direction === 'on'
    ? (errors.find((error) => error > index) ?? errors[0])
    : (errors.findLast((error) => error < index) ?? errors.at(-1));
}

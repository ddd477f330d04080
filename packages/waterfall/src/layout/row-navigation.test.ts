import { expect, test } from 'vitest';
import { order } from '../testing/spans.ts';
import {
  errorRows,
  type Folds,
  foldLevel,
  nextError,
  reveal,
  toggle,
  UNFOLDED,
  visibleRows,
} from './row-navigation.ts';
import { layoutWaterfall } from './trace-layout.ts';

const [layout] = layoutWaterfall(order(), { nested: 'shown' });
const { rows } = layout!;
const names = (folds: Folds): string[] => visibleRows(rows, folds).map((i) => rows[i]!.spans[0]!.name);
const level = (depth: number): Folds => ({ level: depth, toggled: new Set() });

test('groups that look the same are closed at first, all other rows open', () => {
  const calls = rows.findIndex((row) => row.spans[0]?.name === 'Dispatcher/SendStepActionEvent');
  const seen = visibleRows(rows, UNFOLDED);
  expect(rows[calls]).toMatchObject({ group: 'same', below: 9 });
  expect(seen).toContain(calls);
  expect(seen).not.toContain(calls + 1);
  expect(visibleRows(rows, toggle(UNFOLDED, rows[calls]!.key))).toContain(calls + 1);
});

test('a closed row hides its descendants until it is opened', () => {
  const closed = toggle(UNFOLDED, rows[1]!.key);
  expect(names(closed)).toEqual(['POST /trigger', 'hatchet.run_workflow']);
  expect(names(toggle(closed, rows[1]!.key))).toEqual(names(UNFOLDED));
});

test('a level closes deeper rows, and each can be opened by hand', () => {
  expect(names(level(0))).toEqual(['POST /trigger']);
  expect(names(toggle(level(0), rows[0]!.key))).toEqual(['POST /trigger', 'hatchet.run_workflow']);
});

test('levels close from the deepest up, and open one at a time until all are open', () => {
  let folds = UNFOLDED;
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    folds = foldLevel(rows, folds, 'fewer');
    seen.push(visibleRows(rows, folds).length);
  }
  expect(seen).toEqual(seen.toSorted((a, b) => b - a));
  expect(seen.at(-1)).toBe(1);
  for (let i = 0; i < 4; i++) folds = foldLevel(rows, folds, 'more');
  expect(folds).toEqual(UNFOLDED);
});

test('revealing a row opens its ancestors, and nothing else', () => {
  const deep = rows.findIndex((row) => row.spans[0]?.name === 'pg.query:UPDATE hatchet');
  const folds = reveal(rows, deep, level(0));
  expect(visibleRows(rows, folds)).toContain(deep);
  expect(names(folds)).not.toContain('pg.query:COMMIT hatchet');
});

test('errors are visited from top to bottom, then from the top again; a group is skipped in favor of its members', () => {
  const errors = errorRows(layoutWaterfall(order(), { nested: 'folded' })[0]!);
  expect(errors).toHaveLength(1);
  expect(errorRows(layout!).map((i) => rows[i]!.spans[0]!.name)).toEqual([
    'hatchet.engine.start_step_run',
    'hatchet.start_step_run',
  ]);
  expect([nextError([3, 7], 3, 'on'), nextError([3, 7], 7, 'on'), nextError([3, 7], 3, 'back')]).toEqual([7, 3, 7]);
  expect(nextError([], 3, 'on')).toBeUndefined();
});

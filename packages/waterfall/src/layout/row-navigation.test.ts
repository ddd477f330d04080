import { expect, test } from 'vitest';
import { order, span } from '../testing/spans.ts';
import {
  errorRows,
  type Folds,
  foldLevel,
  nextError,
  reveal,
  slowestMember,
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
  expect(errorRows(layout!).map((i) => rows[i]!.spans[0]!.name)).toEqual(['hatchet.start_step_run']);
  expect([nextError([3, 7], 3, 'on'), nextError([3, 7], 7, 'on'), nextError([3, 7], 3, 'back')]).toEqual([7, 3, 7]);
  expect(nextError([], 3, 'on')).toBeUndefined();
});

test('one failure is one error, with and without the engine’s spans', () => {
  const of = (more: object = {}) => ({
    status: 'ERROR' as const,
    attributes: { 'hatchet.workflow_run_id': 'run', 'hatchet.step_run_id': 'task', ...more },
  });
  const spans = [
    span('a', undefined, 'hatchet.run_workflow', [0, 100]),
    span('b', 'a', 'hatchet.engine.workflow_run', [0, 100], of()),
    span('c', 'a', 'hatchet.start_step_run', [10, 90], of()),
    span('d', 'a', 'hatchet.engine.start_step_run', [9, 91], of()),
    span('e', 'c', 'ask the bank', [20, 30], of()),
  ];
  const count = (shown: typeof spans) =>
    (['folded', 'shown'] as const).map((nested) => errorRows(layoutWaterfall(shown, { nested })[0]!).length);
  expect(count(spans)).toEqual([2, 2]);
  expect(count(spans.slice(0, 2))).toEqual([1, 1]);
  expect(count([spans[0]!, spans[1]!, spans[3]!])).toEqual([1, 1]);
});

test('many equal children share a closed row, the slowest of which is found; an error stays alone', () => {
  const spans = [
    span('root', undefined, 'parent', [0, 1000]),
    ...Array.from({ length: 190 }, (_, n) =>
      span(`child ${n}`, 'root', 'hatchet.run_workflow', [n, n + (n === 77 ? 500 : 5)], {
        kind: 'PRODUCER',
        attributes: { 'hatchet.workflow_name': 'resize' },
        ...(n === 5 && { status: 'ERROR' as const }),
      }),
    ),
    span('below', 'child 3', 'work', [3, 4]),
    ...Array.from({ length: 9 }, (_, n) => span(`few ${n}`, 'root', 'few', [n, n + 1])),
  ];
  const { rows } = layoutWaterfall(spans, { nested: 'folded' })[0]!;
  const visible = visibleRows(rows, UNFOLDED).map((index) => rows[index]!);
  expect(visible.map((row) => row.spans.length).sort((a, b) => b - a)).toEqual([189, ...Array<number>(11).fill(1)]);
  const group = rows.findIndex((row) => row.group);
  const slowest = slowestMember(rows, group)!;
  expect(rows[slowest]!.spans[0]).toMatchObject({ endTimeUnixNano: spans[78]!.endTimeUnixNano });
  expect(slowestMember(rows, 0)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { errorRows, nextError } from './errors.ts';
import { layoutWaterfall } from './layout.ts';
import { order } from './span.fixture.ts';
import { foldToLevel, openLevel, reveal, toggle, visibleRows } from './visible-rows.ts';

const [layout] = layoutWaterfall(order(), { nested: 'shown' });
const { rows } = layout!;
const indexOf = (name: string): number => rows.findIndex((row) => row.spans[0]?.name === name);
const names = (toggled: Set<string>): string[] => visibleRows(rows, toggled).map((i) => rows[i]!.spans[0]!.name);

test('what looks the same begins closed, all else open', () => {
  const calls = indexOf('Dispatcher/SendStepActionEvent');
  const seen = visibleRows(rows, new Set());
  expect(rows[calls]).toMatchObject({ group: 'same', below: 9 });
  expect(seen).toContain(calls);
  expect(seen).not.toContain(calls + 1);
  expect(visibleRows(rows, toggle(new Set(), rows[calls]!.key))).toContain(calls + 1);
});

test('a closed row hides all that is below it', () => {
  expect(names(new Set([rows[1]!.key]))).toEqual(['POST /trigger', 'hatchet.run_workflow']);
  expect(toggle(new Set([rows[1]!.key]), rows[1]!.key)).toEqual(new Set());
});

test('levels close from the deepest up, and open one at a time', () => {
  expect(names(foldToLevel(rows, 0))).toEqual(['POST /trigger']);
  expect(names(foldToLevel(rows, 1))).toEqual(['POST /trigger', 'hatchet.run_workflow']);
  expect(openLevel(rows, foldToLevel(rows, 2))).toBe(1);
  expect(openLevel(rows, foldToLevel(rows, 0))).toBe(-1);
});

test('to reveal a row opens what is above it, and nothing else', () => {
  const deep = rows.findIndex((row) => row.spans[0]?.name === 'pg.query:UPDATE hatchet');
  const toggled = reveal(rows, deep, foldToLevel(rows, 0));
  expect(visibleRows(rows, toggled)).toContain(deep);
  expect(names(toggled)).not.toContain('pg.query:COMMIT hatchet');
});

test('errors follow each other from top to bottom, and round again; a group is left out for its members', () => {
  const errors = errorRows(layoutWaterfall(order(), { nested: 'folded' })[0]!);
  expect(errors).toHaveLength(1);
  expect(errorRows(layout!).map((i) => rows[i]!.spans[0]!.name)).toEqual([
    'hatchet.engine.start_step_run',
    'hatchet.start_step_run',
  ]);
  expect([nextError([3, 7], 3, 'on'), nextError([3, 7], 7, 'on'), nextError([3, 7], 3, 'back')]).toEqual([7, 3, 7]);
  expect(nextError([], 3, 'on')).toBeUndefined();
});

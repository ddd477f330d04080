import { criticalPath, layoutWaterfall, toggle, UNFOLDED, visibleRows } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { attempt, span } from '../testing/spans.ts';
import { pathBars, pathTotals } from './path-bars.ts';

const times = (from: number, to: number) => ({ startTimeUnixNano: BigInt(from), endTimeUnixNano: BigInt(to) });
const spans = [
  span('a', undefined, times(0, 20)),
  span('q', 'a', {
    ...times(20, 40),
    name: 'hatchet.engine.queued',
    attributes: { 'hatchet.step_run_id': 'one', 'hatchet.retry_count': 0 },
  }),
  attempt('b', 0, times(40, 60)),
  attempt('c', 1, times(80, 100)),
];
const layout = layoutWaterfall(spans, { nested: 'folded' })[0]!;
const path = criticalPath(spans);
const drawn = (folds = UNFOLDED) =>
  [...pathBars(layout, visibleRows(layout.rows, folds), path)]
    .sort(([a], [b]) => a - b)
    .map(([index, bars]) => [layout.rows[index]!.key, ...bars.map(({ kind, from, to }) => `${kind} ${from}–${to}`)]);

test('the path is drawn on its rows, queue times on their attempt, and all attempts on their task', () => {
  expect(drawn()).toEqual([
    ['a', 'working 0–0.2'],
    ['task-one', 'waiting 0.2–0.4', 'working 0.4–0.6', 'working 0.8–1'],
    ['b', 'waiting 0.2–0.4', 'working 0.4–0.6'],
    ['c', 'working 0.8–1'],
  ]);
});

test('a closed row shows the path of its descendants', () => {
  expect(drawn(toggle(UNFOLDED, 'task-one')).at(-1)).toEqual([
    'task-one',
    'waiting 0.2–0.4',
    'working 0.4–0.6',
    'working 0.8–1',
  ]);
});

test('the time of the path is working, waiting, or between steps', () => {
  expect(pathTotals(path)).toEqual({ working: 60n, waiting: 20n, between: 20n });
});

import { expect, test } from 'vitest';
import { layoutWaterfall } from './layout.ts';
import { order, span } from './span.fixture.ts';

test('bars are fractions of the time between the earliest start and the latest end', () => {
  const [layout] = layoutWaterfall([span('a', undefined, 'root', [100, 300]), span('b', 'a', 'child', [150, 200])]);
  expect(layout!.rows.map((row) => row.bars)).toEqual([[{ from: 0, to: 1 }], [{ from: 0.25, to: 0.5 }]]);
});

test('a span that ends before it begins, by a clock that was set back, has a bar without length', () => {
  const [layout] = layoutWaterfall([span('a', undefined, 'root', [0, 100]), span('b', 'a', 'child', [50, 40])]);
  expect(layout!.rows[1]!.bars).toEqual([{ from: 0.5, to: 0.5 }]);
});

test('a trace without any length is drawn at its beginning', () => {
  expect(layoutWaterfall([span('a', undefined, 'root', [5, 5])])[0]!.rows[0]!.bars).toEqual([{ from: 0, to: 0 }]);
});

test('a layout says of which services its spans are, and a row what it folds away', () => {
  const [layout] = layoutWaterfall(order());
  expect(layout).toMatchObject({ spanCount: 24, services: ['api', 'engine', 'worker'] });
  const folded = layout!.rows.filter((row) => row.unseen.length > 0);
  expect(folded.map((row) => [row.spans.length, row.spans[0]!.name, row.unseen.map(({ name }) => name)])).toEqual([
    [1, 'hatchet.start_step_run', ['hatchet.engine.start_step_run']],
    [3, 'Dispatcher/SendStepActionEvent', expect.arrayContaining(['hatchet.run/handle-task-completed'])],
    [1, 'hatchet.start_step_run', ['hatchet.engine.start_step_run']],
  ]);
});

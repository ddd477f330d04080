import { expect, test } from 'vitest';
import { span } from '../testing/spans.ts';
import { ownTime, pauses, uncovered } from './bar-gaps.ts';
import { layoutWaterfall } from './trace-layout.ts';

test('gaps are the parts that no bar covers', () => {
  const bars = [
    { from: 0.5, to: 0.6 },
    { from: 0.1, to: 0.3 },
    { from: 0.2, to: 0.25 },
  ];
  expect(uncovered({ from: 0, to: 0.8 }, bars)).toEqual([
    { from: 0, to: 0.1 },
    { from: 0.3, to: 0.5 },
    { from: 0.6, to: 0.8 },
  ]);
  expect(uncovered({ from: 0.2, to: 0.3 }, [{ from: 0, to: 1 }])).toEqual([]);
});

test("a span's own time is the part that no descendant covers", () => {
  const spans = [
    span('a', undefined, 'root', [0, 100]),
    span('b', 'a', 'child', [20, 50]),
    span('c', 'b', 'outlives it', [40, 60]),
  ];
  expect(ownTime(layoutWaterfall(spans, { nested: 'folded' })[0]!, 0)).toEqual([
    { from: 0, to: 0.2 },
    { from: 0.6, to: 1 },
  ]);
});

test('a pause is the time between two attempts', () => {
  expect(
    pauses({
      bars: [
        { from: 0, to: 0.1 },
        { from: 0.5, to: 1 },
      ],
      waits: [{ from: 0.4, to: 0.5 }],
    }),
  ).toEqual([{ from: 0.1, to: 0.4 }]);
  expect(pauses({ bars: [{ from: 0, to: 1 }], waits: [] })).toEqual([]);
});

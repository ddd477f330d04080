import { expect, test } from 'vitest';
import { ownTime, pauses, uncovered } from './gaps.ts';
import { layoutWaterfall } from './layout.ts';
import { span } from './span.fixture.ts';

test('gaps are what no bar covers', () => {
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

test("a span's own time is what nothing below it covers", () => {
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

test('a pause is what lies between two attempts', () => {
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

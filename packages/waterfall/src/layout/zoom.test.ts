import { expect, test } from 'vitest';
import { barIn, isWhole, panBy, ticks, WHOLE, zoomBetween, zoomBy, zoomTo } from './zoom.ts';

test('a bar is cut at the edges of the zoom, and invisible beyond them', () => {
  const zoom = { from: 0.5, to: 0.75 };
  expect(barIn({ from: 0.5, to: 0.625 }, zoom)).toEqual({ from: 0, to: 0.5 });
  expect(barIn({ from: 0, to: 1 }, zoom)).toEqual({ from: 0, to: 1 });
  expect(barIn({ from: 0.6, to: 0.6 }, WHOLE)).toEqual({ from: 0.6, to: 0.6 });
  expect(barIn({ from: 0.1, to: 0.4 }, zoom)).toBeUndefined();
});

test('zooming keeps the time at the center in place, and stays within the trace', () => {
  const zoom = zoomBy(WHOLE, 4, 0.25);
  expect(zoom).toEqual({ from: 0.1875, to: 0.4375 });
  expect(zoomBy(zoom, 0.25, 0.25)).toEqual(WHOLE);
  expect(zoomBy({ from: 0.9, to: 1 }, 0.5, 1)).toEqual({ from: 0.8, to: 1 });
  expect(zoomBy(WHOLE, 1e12).to - zoomBy(WHOLE, 1e12).from).toBeCloseTo(1e-6, 12);
});

test('panning stops at the edges', () => {
  expect(panBy({ from: 0.25, to: 0.5 }, 1)).toEqual({ from: 0.5, to: 0.75 });
  expect(panBy({ from: 0.25, to: 0.5 }, -9)).toEqual({ from: 0, to: 0.25 });
  expect(isWhole(panBy(WHOLE, 1))).toBe(true);
});

test('a drag in either direction zooms, a click shows the whole trace', () => {
  expect(zoomBetween(0.75, 0.25)).toEqual({ from: 0.25, to: 0.75 });
  expect(zoomBetween(0.3, 0.3)).toEqual(WHOLE);
  expect(zoomTo({ from: 0.4, to: 0.5 })).toEqual({ from: expect.closeTo(0.39), to: expect.closeTo(0.51) });
});

test('ticks are at round times', () => {
  const at = (duration: number, most: number, zoom = WHOLE): number[] =>
    ticks(duration, zoom, most).map(({ nanoseconds }) => nanoseconds);
  expect(at(1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
  expect(at(1000, 4, { from: 0.55, to: 0.95 })).toEqual([600, 700, 800, 900]);
  expect(at(90e9, 4)).toEqual([0, 30e9, 60e9, 90e9]);
  expect(at(3 * 86_400e9, 3)).toEqual([0, 86_400e9, 2 * 86_400e9, 3 * 86_400e9]);
  expect(ticks(0, WHOLE, 5)).toEqual([{ at: 0, nanoseconds: 0 }]);
});

import { type WaterfallRow, WHOLE } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { span } from '../testing/spans.ts';
import { drawnBars } from './drawn-bars.ts';

const row = (more: Partial<WaterfallRow>): WaterfallRow => ({
  key: 'k',
  depth: 0,
  last: true,
  parent: -1,
  below: 0,
  spans: [],
  unseen: [],
  bars: [],
  waits: [],
  ...more,
});

test('attempts are side by side, each after its queue time, with the pause between them', () => {
  const attempts = row({
    group: 'attempts',
    spans: [span('first', undefined, { status: 'ERROR' })],
    running: span('second'),
    bars: [
      { from: 0.125, to: 0.25 },
      { from: 0.75, to: 1 },
    ],
    waits: [
      { from: 0, to: 0.125 },
      { from: 0.5, to: 0.75 },
    ],
  });
  expect(drawnBars(attempts, WHOLE)).toEqual([
    { from: 0.25, to: 0.5, kind: 'pause', error: false },
    { from: 0, to: 0.125, kind: 'waiting', error: false },
    { from: 0.5, to: 0.75, kind: 'waiting', error: false },
    { from: 0.125, to: 0.25, kind: 'working', error: true },
    { from: 0.75, to: 1, kind: 'running', error: false },
  ]);
  expect(drawnBars(attempts, { from: 0.5, to: 1 })).toHaveLength(3);
});

test('a queue time with a row of its own is drawn as waiting', () => {
  const queued = row({ spans: [span('hatchet.engine.queued')], bars: [{ from: 0, to: 1 }] });
  expect(drawnBars(queued, WHOLE)[0]!.kind).toBe('waiting');
});

test('bars without a visible gap are drawn as one', () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({ from: i / 5000, to: (i + 1) / 5000 }));
  const spans = many.map(() => span('same'));
  expect(drawnBars(row({ group: 'same', spans, bars: many }), WHOLE)).toHaveLength(1);
});

import { type WaterfallRow, WHOLE } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { drawnBars } from './drawn-bars.ts';
import { span } from './span.fixture.ts';

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

test('attempts stand side by side, each after its time in the queue, with the pause between them', () => {
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

test('time in the queue is waiting also where it has a row', () => {
  const queued = row({ spans: [span('hatchet.engine.queued')], bars: [{ from: 0, to: 1 }] });
  expect(drawnBars(queued, WHOLE)[0]!.kind).toBe('waiting');
});

test('what nobody can tell apart is drawn as one', () => {
  const many = Array.from({ length: 5000 }, (_, i) => ({ from: i / 5000, to: (i + 1) / 5000 }));
  const spans = many.map(() => span('same'));
  expect(drawnBars(row({ group: 'same', spans, bars: many }), WHOLE)).toHaveLength(1);
});

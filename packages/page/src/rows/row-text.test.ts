import { layoutWaterfall, type WaterfallSpan } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { attempt, span } from '../testing/spans.ts';
import { fullTitle, rowText } from './row-text.ts';

const texts = (spans: WaterfallSpan[], nowUnixNano?: bigint): string[] => {
  const [layout] = layoutWaterfall(spans, { nested: 'folded', nowUnixNano });
  return layout!.rows.map((row) => {
    const { title, operation, notes } = rowText(layout!, row);
    return [title, operation, ...notes].filter(Boolean).join(' | ');
  });
};

test('a task has its name as title, its attempts their number', () => {
  expect(texts([span('a', undefined, { name: 'root' }), attempt('b', 0), attempt('c', 1)])).toEqual([
    'root',
    'order/charge | 2 attempts',
    'Attempt 1 | hatchet.start_step_run',
    'Attempt 2 | hatchet.start_step_run',
  ]);
  expect(texts([span('a', undefined, { name: 'root' }), attempt('c', 1)])[1]).toBe(
    'order/charge | hatchet.start_step_run | attempt 2',
  );
});

test('the full title of an attempt includes its task', () => {
  const layout = layoutWaterfall([span('a', undefined, { name: 'root' }), attempt('b', 0), attempt('c', 1)], {
    nested: 'folded',
  })[0]!;
  expect(layout.rows.map((row) => fullTitle(layout, row))).toEqual([
    'root',
    'order/charge',
    'order/charge, attempt 1',
    'order/charge, attempt 2',
  ]);
});

test('a missing parent is marked as missing, or as running if the trace grows', () => {
  expect(texts([span('b', 'lost')])[0]).toBe('Missing parent lost | not in this trace');
  expect(texts([span('b', 'lost')], 5n)[0]).toBe('Not ended yet | running');
});

test('hostile names are shown as text, and cut', () => {
  expect(texts([span('a', undefined, { name: '<b>\u202ename\n' })])).toEqual(['<b>\\u202ename\\n']);
  expect(texts([span('a', undefined, { name: 'x'.repeat(1_000_000) })])[0]!.length).toBeLessThan(1000);
  expect(texts([span('a', undefined, { name: '' })])).toEqual(['(no name)']);
});

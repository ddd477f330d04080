import { layoutWaterfall, type WaterfallSpan } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { fullTitle, rowText } from './row-text.ts';
import { attempt, span } from './span.fixture.ts';

const texts = (spans: WaterfallSpan[], nowUnixNano?: bigint): string[] => {
  const [layout] = layoutWaterfall(spans, { nested: 'folded', nowUnixNano });
  return layout!.rows.map((row) => {
    const { title, operation, notes } = rowText(layout!, row);
    return [title, operation, ...notes].filter(Boolean).join(' | ');
  });
};

test('a task is called by its name, its attempts by their number', () => {
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

test('an attempt is called by its task, too, where nothing above it is in sight', () => {
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

test('what is missing says so, and in a trace that grows that it runs', () => {
  expect(texts([span('b', 'lost')])[0]).toBe('Missing parent lost | not in this trace');
  expect(texts([span('b', 'lost')], 5n)[0]).toBe('Not ended yet | running');
});

test('hostile names stay text, and are cut', () => {
  expect(texts([span('a', undefined, { name: '<b>\u202ename\n' })])).toEqual(['<b>\\u202ename\\n']);
  expect(texts([span('a', undefined, { name: 'x'.repeat(1_000_000) })])[0]!.length).toBeLessThan(1000);
  expect(texts([span('a', undefined, { name: '' })])).toEqual(['(no name)']);
});

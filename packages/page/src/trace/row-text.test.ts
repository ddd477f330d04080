import { layoutWaterfall, type WaterfallSpan } from '@hatchet-ts/waterfall/browser';
import { expect, test } from 'vitest';
import { fullTitle, rowText } from './row-text.ts';

const span = (
  spanId: string,
  parentSpanId: string | undefined,
  name: string,
  more: Partial<WaterfallSpan> = {},
): WaterfallSpan => ({
  traceId: 'f'.repeat(32),
  spanId,
  parentSpanId,
  name,
  kind: 'INTERNAL',
  serviceName: 'worker',
  startTimeUnixNano: 1n,
  endTimeUnixNano: 2n,
  status: 'UNSET',
  attributes: {},
  events: [],
  links: [],
  ...more,
});
const attempt = (id: string, retry: number): WaterfallSpan =>
  span(id, 'a', 'hatchet.start_step_run', {
    attributes: {
      'hatchet.step_run_id': 'one',
      'hatchet.workflow_name': 'order',
      'hatchet.step_name': 'charge',
      'hatchet.retry_count': retry,
    },
  });

const texts = (spans: WaterfallSpan[], nowUnixNano?: bigint): string[] => {
  const [layout] = layoutWaterfall(spans, { nested: 'folded', nowUnixNano });
  return layout!.rows.map((row) => {
    const { title, operation, notes } = rowText(layout!, row);
    return [title, operation, ...notes].filter(Boolean).join(' | ');
  });
};

test('a task is called by its name, its attempts by their number', () => {
  expect(texts([span('a', undefined, 'root'), attempt('b', 0), attempt('c', 1)])).toEqual([
    'root',
    'order/charge | 2 attempts',
    'Attempt 1 | hatchet.start_step_run',
    'Attempt 2 | hatchet.start_step_run',
  ]);
  expect(texts([span('a', undefined, 'root'), attempt('c', 1)])[1]).toBe(
    'order/charge | hatchet.start_step_run | attempt 2',
  );
});

test('an attempt is called by its task, too, where nothing above it is in sight', () => {
  const layout = layoutWaterfall([span('a', undefined, 'root'), attempt('b', 0), attempt('c', 1)], {
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
  expect(texts([span('b', 'lost', 'orphan')])[0]).toBe('Missing parent lost | not in this trace');
  expect(texts([span('b', 'lost', 'orphan')], 5n)[0]).toBe('Not ended yet | running');
});

test('hostile names stay text, and are cut', () => {
  expect(texts([span('a', undefined, '<b>\u202ename\n')])).toEqual(['<b>\\u202ename\\n']);
  expect(texts([span('a', undefined, 'x'.repeat(1_000_000))])[0]!.length).toBeLessThan(1000);
  expect(texts([span('a', undefined, '')])).toEqual(['(no name)']);
});

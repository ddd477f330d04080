import { expect, test } from 'vitest';
import { MOST_SPANS, NO_SPANS, type SpanRow, withRows } from './trace-spans.ts';

const row = (n: number, more: Partial<SpanRow> = {}): SpanRow => ({
  traceId: 'f'.repeat(32),
  spanId: n.toString(16).padStart(16, '0'),
  spanName: `span ${n}`,
  spanKind: 'INTERNAL',
  serviceName: 'worker',
  statusCode: 'UNSET',
  durationNs: 1000,
  createdAt: '2026-11-20T10:00:00.000Z',
  ...more,
});

test('adds a span once, even if it is delivered again', () => {
  const first = withRows(NO_SPANS, [row(1), row(2)]);
  expect(withRows(first, [row(2)])).toBe(first);
  expect(withRows(first, [row(2), row(3)]).spans.map((span) => span.name)).toEqual(['span 1', 'span 2', 'span 3']);
});

test('replaces a truncated span by the complete one', () => {
  const short = withRows(NO_SPANS, [row(1, { truncated: true })]);
  const whole = withRows(short, [row(1, { spanAttributes: { a: 'b' } })]);
  expect(whole.spans[0]!.attributes).toEqual({ a: 'b' });
  expect(whole.rowOf.get(whole.spans[0]!)?.truncated).toBeUndefined();
  expect(whole.rowOf.size).toBe(1);
});

test('keeps at most as many spans as are shown', () => {
  const many = Array.from({ length: MOST_SPANS + 5 }, (_, i) => row(i + 1));
  expect(withRows(NO_SPANS, many).spans).toHaveLength(MOST_SPANS);
});

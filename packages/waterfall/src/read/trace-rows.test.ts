import { expect, test } from 'vitest';
import { spansFromTraceRows, type TraceRow } from './trace-rows.ts';

const HATCHET: TraceRow = {
  traceId: '5b8efff798038103d269b633813fc60c',
  spanId: 'eee19b7ec3c1b174',
  parentSpanId: 'eee19b7ec3c1b173',
  spanName: 'hatchet.start_step_run',
  spanKind: 'CONSUMER',
  serviceName: 'order-worker',
  statusCode: 'ERROR',
  statusMessage: 'card declined',
  durationNs: 1500,
  createdAt: '2026-11-20T10:00:00.000Z',
  spanAttributes: { 'hatchet.retry_count': '1' },
};

test("reads a span from a row in Hatchet's shape", () => {
  const start = BigInt(Date.parse(HATCHET.createdAt)) * 1_000_000n;
  expect(spansFromTraceRows([HATCHET])).toEqual([
    {
      traceId: HATCHET.traceId,
      spanId: HATCHET.spanId,
      parentSpanId: HATCHET.parentSpanId,
      name: 'hatchet.start_step_run',
      kind: 'CONSUMER',
      serviceName: 'order-worker',
      startTimeUnixNano: start,
      endTimeUnixNano: start + 1500n,
      status: 'ERROR',
      statusMessage: 'card declined',
      attributes: { 'hatchet.retry_count': '1' },
      events: [],
      links: [],
    },
  ]);
});

test('reads exact times, events and links if the row has them', () => {
  const row: TraceRow = {
    ...HATCHET,
    parentSpanId: null,
    statusMessage: null,
    startTimeUnixNano: '1544712660000000001',
    endTimeUnixNano: '1544712660000000009',
    spanAttributes: { list: ['a', 1], names: '["a","b"]', half: '[a', map: { k: 1 }, none: null },
    events: [{ name: 'exception', timeUnixNano: '5', attributes: { text: 'x' } }],
    links: [
      {
        traceId: HATCHET.traceId,
        spanId: HATCHET.spanId,
        attributes: [{ key: 'relation', value: { stringValue: 'attempt' } }],
      },
    ],
  };
  expect(spansFromTraceRows([row])).toMatchObject([
    {
      parentSpanId: undefined,
      statusMessage: undefined,
      startTimeUnixNano: 1544712660000000001n,
      endTimeUnixNano: 1544712660000000009n,
      attributes: { list: ['a', 1], names: ['a', 'b'], half: '[a', map: '{"k":1}' },
      events: [{ name: 'exception', timeUnixNano: 5n, attributes: { text: 'x' } }],
      links: [{ attributes: { relation: 'attempt' } }],
    },
  ]);
});

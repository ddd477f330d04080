import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { expect, it } from 'vitest';
import { missingParts } from './whole-trace.ts';

const RUN = { id: 'run-1', name: 'order', status: 'COMPLETED' };

function span(spanId: string, parentSpanId: string | undefined, name: string, attributes = {}): WaterfallSpan {
  return {
    traceId: 'f'.repeat(32),
    spanId: spanId.repeat(16),
    parentSpanId: parentSpanId?.repeat(16),
    name,
    kind: 'INTERNAL',
    serviceName: 'engine',
    startTimeUnixNano: 0n,
    endTimeUnixNano: 1n,
    status: 'UNSET',
    attributes,
    events: [],
    links: [],
  };
}

const attempt = { 'hatchet.step_run_id': 'step-1', 'hatchet.step_name': 'charge', 'hatchet.retry_count': '0' };
const WHOLE = [
  span('a', undefined, 'POST /trigger'),
  span('b', 'a', 'hatchet.engine.workflow_run', { 'hatchet.workflow_run_id': 'run-1' }),
  span('c', 'a', 'hatchet.engine.start_step_run', attempt),
  span('d', 'a', 'hatchet.start_step_run', { ...attempt, 'hatchet.retry_count': 0 }),
];
const without = (name: string): WaterfallSpan[] => WHOLE.filter((span) => span.name !== name);

it('a whole trace has no missing parts', () => {
  expect(missingParts([RUN], WHOLE)).toEqual([]);
});

it.each([
  ['that has not arrived', missingParts([], []), 'the trace has not arrived'],
  ['with a run that has not ended', missingParts([{ ...RUN, status: 'RUNNING' }], WHOLE), 'the run order is RUNNING'],
  [
    'without the span of a run',
    missingParts([RUN], without('hatchet.engine.workflow_run')),
    'the run order has no hatchet.engine.workflow_run',
  ],
  [
    'without the worker',
    missingParts([RUN], without('hatchet.start_step_run')),
    'the worker has not reported attempt 0 of charge (step-1)',
  ],
  [
    'without a parent',
    missingParts([RUN], without('POST /trigger')),
    'the parent aaaaaaaaaaaaaaaa of hatchet.engine.workflow_run is missing',
  ],
  [
    'with two roots',
    missingParts([RUN], [...WHOLE, span('e', undefined, 'GET /')]),
    'there are 2 roots: POST /trigger, GET /',
  ],
])('a trace %s is reported', (_, missing, reason) => {
  expect(missing).toEqual([reason]);
});

import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { expect, it } from 'vitest';
import { lacking } from './whole-trace.ts';

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

it('a whole trace lacks nothing', () => {
  expect(lacking([RUN], WHOLE)).toEqual([]);
});

it.each([
  ['that has not arrived', lacking([], []), 'the trace has not arrived'],
  ['with a run that goes on', lacking([{ ...RUN, status: 'RUNNING' }], WHOLE), 'the run order is RUNNING'],
  [
    'without the span of a run',
    lacking([RUN], without('hatchet.engine.workflow_run')),
    'the run order has no hatchet.engine.workflow_run',
  ],
  [
    'without the worker',
    lacking([RUN], without('hatchet.start_step_run')),
    'the worker has not told of attempt 0 of charge (step-1)',
  ],
  [
    'without a parent',
    lacking([RUN], without('POST /trigger')),
    'the parent aaaaaaaaaaaaaaaa of hatchet.engine.workflow_run is missing',
  ],
  ['with two roots', lacking([RUN], [...WHOLE, span('e', undefined, 'GET /')]), 'it has 2 roots: POST /trigger, GET /'],
])('a trace %s says so', (_, lacks, reason) => {
  expect(lacks).toEqual([reason]);
});

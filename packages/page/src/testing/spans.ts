import type { WaterfallSpan } from '@hatchet-ts/waterfall/browser';

/** Creates a span of a worker; its id is also its name by default. */
export function span(spanId: string, parentSpanId?: string, more: Partial<WaterfallSpan> = {}): WaterfallSpan {
  return {
    traceId: 'f'.repeat(32),
    spanId,
    parentSpanId,
    name: spanId,
    kind: 'INTERNAL',
    serviceName: 'worker',
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
    status: 'UNSET',
    attributes: {},
    events: [],
    links: [],
    ...more,
  };
}

/** Creates a span of an attempt of the sample's charge. */
export function attempt(spanId: string, retry: number, more: Partial<WaterfallSpan> = {}): WaterfallSpan {
  return span(spanId, 'a', {
    name: 'hatchet.start_step_run',
    attributes: {
      'hatchet.step_run_id': 'one',
      'hatchet.workflow_name': 'order',
      'hatchet.step_name': 'charge',
      'hatchet.retry_count': retry,
    },
    ...more,
  });
}

import type { WaterfallSpan } from '../read/span.ts';

const MS = 1_000_000n;

/** Creates a span from short ids, and times in milliseconds. */
export function span(
  id: string,
  parent: string | undefined,
  name: string,
  [from, to]: [number, number] = [0, 1],
  more: Partial<WaterfallSpan> = {},
): WaterfallSpan {
  return {
    traceId: 'f'.repeat(32),
    spanId: spanId(id),
    parentSpanId: parent && spanId(parent),
    name,
    kind: 'INTERNAL',
    serviceName: 'engine',
    startTimeUnixNano: 1_800_000_000_000n * MS + BigInt(from) * MS,
    endTimeUnixNano: 1_800_000_000_000n * MS + BigInt(to) * MS,
    status: 'UNSET',
    attributes: {},
    events: [],
    links: [],
    ...more,
  };
}

export const spanId = (id: string): string => Buffer.from(id).toString('hex').padStart(16, '0');

/** Spans of a small order: an API request, an engine, and a worker whose first attempt fails. */
export function order(): WaterfallSpan[] {
  const worker = (attempt: number, attributes = {}): Partial<WaterfallSpan> => ({
    kind: 'CONSUMER',
    serviceName: 'worker',
    attributes: attempt_(attempt, attributes),
  });
  const attempt_ = (attempt: number, attributes = {}) => ({
    'hatchet.workflow_name': 'order',
    'hatchet.step_name': 'charge',
    'hatchet.step_run_id': 'step-1',
    'hatchet.retry_count': attempt,
    ...attributes,
  });
  const sql: Partial<WaterfallSpan> = { kind: 'CLIENT', attributes: { 'db.system.name': 'postgresql' } };
  const call: Partial<WaterfallSpan> = { kind: 'SERVER' };
  return [
    span('a', undefined, 'POST /trigger', [0, 20], { kind: 'SERVER', serviceName: 'api' }),
    span('b', 'a', 'hatchet.run_workflow', [2, 18], {
      kind: 'PRODUCER',
      serviceName: 'api',
      attributes: { 'hatchet.workflow_name': 'order' },
    }),
    span('c', 'b', 'WorkflowService/TriggerWorkflow', [4, 16], call),
    span('d', 'c', 'hatchet.run/trigger-workflow-run', [5, 15]),
    ...[6, 7, 8].map((at) => span(`e${at}`, 'd', 'pg.query:INSERT hatchet', [at, at + 1], sql)),
    span('f', 'd', 'pg.query:COMMIT hatchet', [9, 10], sql),
    span('g', 'b', 'hatchet.engine.workflow_run', [10, 900], {
      attributes: { 'hatchet.workflow_name': 'order', 'hatchet.outcome': 'completed' },
    }),
    span('h', 'b', 'hatchet.start_step_run', [30, 130], {
      ...worker(0, { 'hatchet.outcome': 'failed' }),
      status: 'ERROR',
      statusMessage: 'card declined',
    }),
    span('i', 'b', 'hatchet.engine.start_step_run', [29, 132], {
      status: 'ERROR',
      statusMessage: 'card declined',
      attributes: attempt_(0),
    }),
    ...[40, 135, 200].flatMap((at) => [
      span(`s${at}`, 'b', 'Dispatcher/SendStepActionEvent', [at, at + 9], call),
      span(`t${at}`, `s${at}`, 'hatchet.run/handle-task-completed', [at + 1, at + 8]),
      span(`u${at}`, `t${at}`, 'pg.query:UPDATE hatchet', [at + 2, at + 7], sql),
    ]),
    span('j', 'b', 'hatchet.start_step_run', [230, 800], {
      ...worker(1, { 'hatchet.outcome': 'completed' }),
      links: [{ traceId: 'f'.repeat(32), spanId: spanId('h'), attributes: {} }],
    }),
    span('k', 'j', 'ask the bank', [240, 700], { serviceName: 'worker', attributes: attempt_(1) }),
    span('l', 'j', 'ask the bank', [700, 790], { serviceName: 'worker', attributes: attempt_(1) }),
    span('m', 'b', 'hatchet.engine.start_step_run', [229, 802], { attributes: attempt_(1) }),
  ];
}

import { stringifyExactly } from '@hatchet-ts/storage/json';
import type { Attributes, RunTraceSummary, StoredSpan } from '@hatchet-ts/storage/traces';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { present, TIME } from './json.ts';
import { listOf } from './list.ts';
import { STATUS } from './run.ts';

const NANOSECONDS = z.string().regex(/^\d+$/).describe('nanoseconds since 1970');
const ATTRIBUTES = z.record(z.string(), z.string()).describe('a text as it is, anything else as JSON');

const SPAN = component(
  'OtelSpan',
  z.strictObject({
    traceId: z.string(),
    spanId: z.string(),
    parentSpanId: z.string().optional(),
    spanName: z.string(),
    spanKind: z.enum(['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']),
    serviceName: z.string(),
    statusCode: z.enum(['UNSET', 'OK', 'ERROR']),
    statusMessage: z.string().optional(),
    durationNs: z.number(),
    createdAt: TIME,
    resourceAttributes: ATTRIBUTES,
    spanAttributes: ATTRIBUTES,
    scopeName: z.string(),
    scopeVersion: z.string(),
    retryCount: z.int(),
    startTimeUnixNano: NANOSECONDS,
    endTimeUnixNano: NANOSECONDS,
    events: z.array(z.strictObject({ name: z.string(), timeUnixNano: NANOSECONDS, attributes: ATTRIBUTES })),
    links: z.array(z.strictObject({ traceId: z.string(), spanId: z.string(), attributes: ATTRIBUTES })),
    truncated: z
      .literal(true)
      .optional()
      .describe('the page had grown too large for its attributes, events and links: ask for a smaller one'),
  }),
);

const RUN_TRACE = component(
  'RunTrace',
  z.strictObject({
    workflowRunExternalId: z.guid(),
    workflowId: z.guid(),
    workflowName: z.string(),
    displayName: z.string(),
    status: STATUS,
    outcome: z.enum(['completed', 'failed', 'cancelled', 'timed_out', 'running', 'queued']),
    createdAt: TIME,
    finishedAt: TIME.optional(),
    durationMs: z.int().optional().describe('from its creation to its end'),
    queuedMs: z.int().optional().describe('how long its first attempt waited for a worker'),
    traceId: z.string().optional(),
    spanCount: z.int().describe('of the whole trace; no more than 10,000 are counted'),
    errorCount: z.int().describe('those of them whose status is ERROR'),
  }),
);

/** The spans that were asked for; without a question, the runs that one can ask about. */
export const TRACE_LIST = component(
  'TraceList',
  z.union([listOf('OtelSpanList', SPAN), listOf('RunTraceList', RUN_TRACE)]),
);

export function runTraceShape(run: RunTraceSummary): z.output<typeof RUN_TRACE> {
  const { runId, workflowId, workflowName, status, createdAt, finishedAt, traceId, spanCount, errorCount } = run;
  const outcome = status.toLowerCase() as Lowercase<typeof status>;
  return present({
    workflowRunExternalId: runId,
    workflowId,
    workflowName,
    displayName: workflowName,
    status,
    outcome: run.timedOut ? 'timed_out' : outcome,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString(),
    durationMs: finishedAt && finishedAt.getTime() - createdAt.getTime(),
    queuedMs: run.queuedMs ?? undefined,
    traceId,
    spanCount,
    errorCount,
  });
}

/** Hatchet's `OtelSpan`, and what it leaves out: events, links, exact times. */
export function spanShape(span: StoredSpan): z.output<typeof SPAN> {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId && { parentSpanId: span.parentSpanId }),
    spanName: span.name,
    spanKind: span.kind,
    serviceName: span.serviceName,
    statusCode: span.statusCode,
    ...(span.statusMessage && { statusMessage: span.statusMessage }),
    durationNs: Number(span.endTime - span.startTime),
    createdAt: new Date(Number(span.startTime / 1_000_000n)).toISOString(),
    resourceAttributes: asText(span.resourceAttributes),
    spanAttributes: asText(span.attributes),
    scopeName: span.scopeName,
    scopeVersion: span.scopeVersion,
    retryCount: span.retryCount,
    startTimeUnixNano: String(span.startTime),
    endTimeUnixNano: String(span.endTime),
    events: span.events.map(({ name, timeUnixNano, attributes }) => ({
      name,
      timeUnixNano,
      attributes: asText(attributes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({ traceId, spanId, attributes: asText(attributes) })),
    ...(span.truncated && { truncated: true as const }),
  };
}

/** Hatchet's attributes are texts: a string as it is, anything else as JSON. */
function asText(attributes: Attributes): Record<string, string> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : stringifyExactly(value)]),
  );
}

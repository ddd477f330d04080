import { stringifyExactly } from '@hatchet-ts/storage/json';
import type { Attributes, RunTraceSummary, StoredSpan } from '@hatchet-ts/storage/traces';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { present, TIME } from './json.ts';
import { listOf } from './list.ts';
import { STATUS } from './run.ts';

const NANOSECONDS = z.string().regex(/^\d+$/).describe('nanoseconds since 1970');
const ATTRIBUTES = z.record(z.string(), z.string()).describe('strings unchanged, other values as JSON');

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
      .describe('attributes, events and links are missing because the page is too large: request a smaller page'),
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
    outcome: z.enum(['completed', 'failed', 'cancelled', 'timed_out', 'not_scheduled', 'running', 'queued']),
    createdAt: TIME,
    finishedAt: TIME.optional(),
    durationMs: z.int().optional().describe('milliseconds from creation to end'),
    queuedMs: z.int().optional().describe('milliseconds that the first attempt waited for a worker'),
    traceId: z.string().optional(),
    endReason: z
      .string()
      .optional()
      .describe('reason of a timeout: a task exceeded its timeout, or no worker took it within its schedule timeout'),
    spanCount: z
      .int()
      .describe('number of spans of the run, its descendants and the runs of its events; counts up to 10,000'),
    errorCount: z.int().describe('number of errors in these spans; several spans of one failed attempt count once'),
  }),
);

const CURSOR = {
  cursor: z.string().optional().describe('on the first page: position from which the stream of the trace continues'),
};

/** Spans of the selected trace; runs if no trace is selected. */
export const TRACE_LIST = component(
  'TraceList',
  z.union([listOf('OtelSpanList', SPAN, CURSOR), listOf('RunTraceList', RUN_TRACE)]),
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
    outcome: run.endReason ?? outcome,
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString(),
    durationMs: finishedAt && finishedAt.getTime() - createdAt.getTime(),
    queuedMs: run.queuedMs ?? undefined,
    traceId,
    endReason: run.endReason && (run.endError ?? undefined),
    spanCount,
    errorCount,
  });
}

/** Converts a span to Hatchet's `OtelSpan`, extended by events, links and exact times. */
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

/** Converts attributes to strings, as Hatchet has them: strings unchanged, other values as JSON. */
function asText(attributes: Attributes): Record<string, string> {
  const entries = Object.entries(attributes);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'string' ? value : stringifyExactly(value)]),
  );
}

import type { Database } from '@hatchet-ts/storage';
import type { Paged } from '@hatchet-ts/storage/reads';
import { listRunTraces, type StoredSpan, traceById, traceOfRun } from '@hatchet-ts/storage/traces';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import { date, flag, list, pageQuery, traceId } from '../routing/request.ts';
import { type Route, route } from '../routing/route.ts';
import { listShape } from '../shapes/list.ts';
import { OTLP_TRACES, otlpShape } from '../shapes/otlp.ts';
import { STATUS } from '../shapes/run.ts';
import { runTraceShape, spanShape, TRACE_LIST } from '../shapes/trace.ts';

const SELECTION = {
  ...pageQuery(1000, 10_000),
  run_external_id: z.guid('must be the UUID of a run or task').optional(),
  trace_id: traceId.optional(),
};

const RUNS = {
  since: date.optional(),
  until: date.optional(),
  statuses: list(STATUS),
  workflow_ids: list(z.guid()),
  workflow_names: list(z.string().max(1_000)),
  text: z
    .string()
    .max(200)
    .optional()
    .describe('part of a workflow name or of the metadata, or the id of a run or trace'),
  include_children: flag.default(false),
};

/** The list counts the spans of each run's trace, so its pages are small. */
const MAX_RUNS = 100;

export const traceRoutes: Route[] = [
  route({
    id: 'v1ObservabilityGetTrace',
    method: 'get',
    path: '/api/v1/stable/tenants/{tenant}/traces',
    summary:
      'Lists the spans of a run or of a trace, oldest first, at most 100,000; without either, recent runs with a summary of their traces',
    query: z.object({ ...SELECTION, ...RUNS }),
    answer: TRACE_LIST,
    async handle({ tenantId, query }, { db }) {
      const spans = await spansOf(db, tenantId, query);
      if (spans) return listShape(spans, query, spanShape);
      const { since, until, statuses, text, include_children: children } = query;
      const { workflow_ids: workflowIds, workflow_names: workflowNames } = query;
      const page = { offset: query.offset, limit: Math.min(query.limit, MAX_RUNS) };
      const runs = await listRunTraces(
        db,
        tenantId,
        { since, until, statuses, workflowIds, workflowNames, text, children },
        page,
      );
      return listShape(runs, page, runTraceShape);
    },
  }),
  route({
    id: 'traceDownload',
    method: 'get',
    path: '/api/v1/stable/tenants/{tenant}/traces/otlp',
    summary: 'Downloads the spans of a run or of a trace as OTLP JSON',
    query: z.object({ ...SELECTION, ...pageQuery(10_000, 10_000) }),
    answer: OTLP_TRACES,
    headers: { 'content-disposition': 'attachment; filename="trace.otlp.json"' },
    async handle({ tenantId, query }, { db }) {
      const spans = await spansOf(db, tenantId, query);
      if (!spans) throw new ApiError(400, 'give run_external_id or trace_id');
      return otlpShape(spans.rows);
    },
  }),
];

async function spansOf(
  db: Database,
  tenantId: string,
  query: z.output<z.ZodObject<typeof SELECTION>>,
): Promise<Paged<StoredSpan> | undefined> {
  const { run_external_id: runId, trace_id: id } = query;
  if (runId !== undefined && id !== undefined) throw new ApiError(400, 'give run_external_id or trace_id, not both');
  if (runId !== undefined) return (await traceOfRun(db, tenantId, runId, query)) ?? notFound(HATCHET_TEXTS.runNotFound);
  if (id !== undefined) return (await traceById(db, tenantId, id, query)) ?? notFound(HATCHET_TEXTS.traceNotFound);
  return undefined;
}

function notFound(what: string): never {
  throw new ApiError(404, what);
}

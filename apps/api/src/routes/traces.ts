import {
  allSpans,
  currentCursor,
  listRunTraces,
  selectedSpans,
  selectedTraces,
  type TraceSelection,
} from '@hatchet-ts/storage/traces';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import { date, flag, list, pageQuery, traceId } from '../routing/request.ts';
import { JsonPieces, type Route, route } from '../routing/route.ts';
import { listShape } from '../shapes/list.ts';
import { OTLP_TRACES, otlpPieces } from '../shapes/otlp.ts';
import { STATUS } from '../shapes/run.ts';
import { runTraceShape, spanShape, TRACE_LIST } from '../shapes/trace.ts';

const SELECTION = {
  run_external_id: z.guid('must be the UUID of a run or task').optional(),
  trace_id: traceId.optional(),
  include_service_spans: flag
    .default(true)
    .describe("spans of the services' own work that carry the tenant's id; hatchet.engine.* spans are always included"),
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
    query: z.object({ ...SELECTION, ...pageQuery(1000, 10_000), ...RUNS }),
    answer: TRACE_LIST,
    async handle({ tenantId, query }, { db }) {
      const selection = selectionOf(query);
      if (selection) {
        // before the spans are read: none is missed, and one that arrives meanwhile comes twice
        const cursor = query.offset === 0 ? await currentCursor(db) : undefined;
        const spans = await selectedSpans(db, tenantId, selection, { ...query, ...withoutServices(query) });
        if (!spans) throw notFound(selection);
        return { ...listShape(spans, query, spanShape), ...(cursor && { cursor }) };
      }
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
    summary: 'Downloads all spans of a run or of a trace, complete, as OTLP JSON',
    query: z.object(SELECTION),
    answer: OTLP_TRACES,
    headers: { 'content-disposition': 'attachment; filename="trace.otlp.json"' },
    async handle({ tenantId, query }, { db }) {
      const selection = selectionOf(query);
      if (!selection) throw new ApiError(400, 'give run_external_id or trace_id');
      const traceIds = await selectedTraces(db, tenantId, selection);
      if (!traceIds) throw notFound(selection);
      return new JsonPieces(otlpPieces(allSpans(db, tenantId, traceIds, withoutServices(query))));
    },
  }),
];

type Selection = z.output<z.ZodObject<typeof SELECTION>>;

function selectionOf({ run_external_id: runId, trace_id: traceId }: Selection): TraceSelection | undefined {
  if (runId !== undefined && traceId !== undefined)
    throw new ApiError(400, 'give run_external_id or trace_id, not both');
  if (runId !== undefined) return { runId };
  return traceId === undefined ? undefined : { traceId };
}

function withoutServices(query: Selection): { withoutServices: boolean } {
  return { withoutServices: !query.include_service_spans };
}

function notFound(selection: TraceSelection): ApiError {
  return new ApiError(404, 'runId' in selection ? HATCHET_TEXTS.runNotFound : HATCHET_TEXTS.traceNotFound);
}

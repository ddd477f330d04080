import type { Database } from '@hatchet-ts/storage';
import {
  earlierAttempts,
  listRunIds,
  listRuns,
  listTasks,
  parentsOfSteps,
  type RunView,
  viewRun,
} from '@hatchet-ts/storage/reads';
import { findWorkflows } from '@hatchet-ts/storage/workflows';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import { component } from '../routing/components.ts';
import { date, flag, list, metadataPair, pageQuery, priority, traceId, unsupported } from '../routing/request.ts';
import { type Route, route } from '../routing/route.ts';
import { JSON_OBJECT } from '../shapes/json.ts';
import { listShape } from '../shapes/list.ts';
import {
  RUN_DETAILS,
  RUN_STATUS,
  runDetailsShape,
  runSummaryShape,
  STATUS,
  TASK_SUMMARY_LIST,
  taskShape,
} from '../shapes/run.ts';

const FILTER = {
  since: date.optional(),
  until: date.optional(),
  statuses: list(STATUS),
  workflow_ids: list(z.guid()),
  additional_metadata: list(metadataPair),
  additional_metadata_operator: z.enum(['AND', 'OR']).default('OR'),
  running_filter: z.enum(['ALL', 'EVICTED', 'ON_WORKER']).default('ALL'),
};

const LIST = z.object({
  ...FILTER,
  ...pageQuery(50, 1000),
  only_tasks: flag.default(false),
  include_payloads: flag.default(true),
  parent_task_external_id: z.guid().optional(),
  triggering_event_external_id: z.guid().optional(),
  worker_id: z.guid().optional(),
  trace_id: traceId.optional(),
  idempotency_keys: unsupported,
});

const TRIGGER = component(
  'V1TriggerWorkflowRunRequest',
  z.object({
    workflowName: z.string().min(1),
    input: JSON_OBJECT.default({}),
    additionalMetadata: JSON_OBJECT.nullish(),
    priority: priority.nullish(),
    return_only_id: z.boolean().nullish().describe('returns the run without tasks, events and shape'),
  }),
);

const RUN_IDS = component('V1WorkflowRunExternalIdList', z.array(z.guid()));
/** Above the number of runs that a client cancels or replays at once. */
const MAX_IDS = 100_000;

export const runRoutes: Route[] = [
  route({
    id: 'v1WorkflowRunGet',
    method: 'get',
    path: '/api/v1/stable/workflow-runs/{run}',
    summary: 'Returns a run with its tasks',
    answer: RUN_DETAILS,
    handle: async ({ tenantId, params }, { db }) => details(db, await existingRun(db, tenantId, params.run)),
  }),
  route({
    id: 'v1WorkflowRunGetStatus',
    method: 'get',
    path: '/api/v1/stable/workflow-runs/{run}/status',
    summary: 'Returns the status of a run',
    answer: RUN_STATUS,
    handle: async ({ tenantId, params }, { db }) => (await existingRun(db, tenantId, params.run)).status,
  }),
  route({
    id: 'v1WorkflowRunList',
    method: 'get',
    path: '/api/v1/stable/tenants/{tenant}/workflow-runs',
    summary: 'Lists runs, or with only_tasks their tasks, newest first',
    query: LIST,
    answer: TASK_SUMMARY_LIST,
    async handle({ tenantId, query }, { db }) {
      const filter = {
        ...filterOf(query),
        traceId: query.trace_id,
        parentTaskId: query.parent_task_external_id,
        workerId: query.worker_id,
        eventId: query.triggering_event_external_id,
      };
      const show = { payloads: query.include_payloads };
      return query.only_tasks
        ? listShape(await listTasks(db, tenantId, filter, query), query, (task) => taskShape(task, show))
        : listShape(await listRuns(db, tenantId, filter, query), query, (run) => runSummaryShape(run, show));
    },
  }),
  route({
    id: 'v1WorkflowRunExternalIdsList',
    method: 'get',
    path: '/api/v1/stable/tenants/{tenant}/workflow-runs/external-ids',
    summary: 'Lists ids of runs, newest first, at most 100,000',
    query: z.object(FILTER),
    answer: RUN_IDS,
    handle: ({ tenantId, query }, { db }) => listRunIds(db, tenantId, filterOf(query), MAX_IDS),
  }),
  route({
    id: 'v1WorkflowRunCreate',
    method: 'post',
    path: '/api/v1/stable/tenants/{tenant}/workflow-runs/trigger',
    summary: 'Starts a run',
    body: TRIGGER,
    answer: RUN_DETAILS,
    async handle({ tenantId, token, body }, { db, runTrigger }) {
      // the SDK would retry an unknown name for seconds
      const known = await findWorkflows(db, tenantId, [body.workflowName]);
      if (known.length === 0) throw new ApiError(400, HATCHET_TEXTS.workflowNamesNotFound(body.workflowName));
      const runId = await runTrigger.trigger(token, {
        workflowName: body.workflowName,
        input: body.input,
        additionalMetadata: body.additionalMetadata ?? undefined,
        priority: body.priority ?? undefined,
      });
      const run = await details(db, await existingRun(db, tenantId, runId));
      return body.return_only_id ? { ...run, tasks: [], taskEvents: [], shape: [] } : run;
    },
  }),
];

async function existingRun(db: Database, tenantId: string, runId: string): Promise<RunView> {
  const run = await viewRun(db, tenantId, runId);
  if (!run) throw new ApiError(404, HATCHET_TEXTS.runNotFound);
  return run;
}

async function details(db: Database, run: RunView): Promise<z.output<typeof RUN_DETAILS>> {
  return runDetailsShape(
    run,
    await parentsOfSteps(db, run.workflowVersionId),
    run.tasks.some(({ retryCount }) => retryCount > 0) ? await earlierAttempts(db, run.id) : [],
  );
}

function filterOf(query: z.output<z.ZodObject<typeof FILTER>>) {
  return {
    since: query.since,
    until: query.until,
    statuses: query.statuses,
    workflowIds: query.workflow_ids,
    metadata: { pairs: query.additional_metadata, operator: query.additional_metadata_operator },
    ...(query.running_filter !== 'ALL' && { evicted: query.running_filter === 'EVICTED' }),
  };
}

import { countTasks, listLogLines, viewTask } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import { component } from '../routing/components.ts';
import { date, list, metadataPair } from '../routing/request.ts';
import { type Route, route } from '../routing/route.ts';
import { wholeList } from '../shapes/list.ts';
import { LOG_LEVEL, LOG_LINE_LIST, logLineShape } from '../shapes/log-line.ts';
import { STATUS, TASK_SUMMARY, taskShape } from '../shapes/run.ts';

const SELECTION = z
  .object({
    externalIds: z.array(z.guid()).nullish(),
    filter: z
      .object({
        since: date,
        until: date.nullish(),
        statuses: z.array(STATUS).nullish(),
        workflowIds: z.array(z.guid()).nullish(),
        additionalMetadata: z.array(z.string()).nullish(),
      })
      .nullish(),
  })
  .refine(({ externalIds, filter }) => externalIds || filter, 'give externalIds or a filter');

const CANCEL = component('V1CancelTaskRequest', SELECTION);
const REPLAY = component('V1ReplayTaskRequest', SELECTION.clone());
const IDS = z.strictObject({ ids: z.array(z.guid()) });
const CANCELLED = component('V1CancelledTasks', IDS);
const REPLAYED = component('V1ReplayedTasks', IDS.clone());
const RESTORED = component('V1RestoreTaskResponse', z.strictObject({ requeued: z.boolean() }));

const NODE = { taskExternalId: z.guid(), nodeId: z.int(), branchId: z.int() };
const BRANCH = component('V1BranchDurableTaskRequest', z.object({ ...NODE, branchId: z.int().default(0) }));
const BRANCHED = component('V1BranchDurableTaskResponse', z.strictObject(NODE));

const METRICS = component(
  'V1TaskRunMetrics',
  z.array(component('V1TaskRunMetric', z.strictObject({ status: STATUS, count: z.int() }))),
);

const LOGS = z.object({
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  since: date.optional(),
  until: date.optional(),
  search: z.string().optional(),
  levels: list(LOG_LEVEL),
  order_by_direction: z.enum(['ASC', 'DESC']).default('ASC'),
  attempt: z.coerce.number().int().min(1).optional(),
});

export const taskRoutes: Route[] = [
  route({
    id: 'v1TaskGet',
    method: 'get',
    path: '/api/v1/stable/tasks/{task}',
    summary: 'Returns a task in its current attempt',
    query: z.object({ attempt: z.coerce.number().int().min(1).optional() }),
    answer: TASK_SUMMARY,
    async handle({ tenantId, params, query }, { db }) {
      const task = await existingTask(db, tenantId, params.task);
      if (query.attempt !== undefined && query.attempt !== task.retryCount + 1)
        throw new ApiError(404, `only the current attempt, ${task.retryCount + 1}, is stored`);
      return taskShape(task, { payloads: true });
    },
  }),
  route({
    id: 'v1LogLineList',
    method: 'get',
    path: '/api/v1/stable/tasks/{task}/logs',
    summary: 'Lists the log lines of a task, oldest first by default',
    query: LOGS,
    answer: LOG_LINE_LIST,
    async handle({ tenantId, params, query }, { db }) {
      const { id } = await existingTask(db, tenantId, params.task);
      const { attempt, order_by_direction: direction, limit, ...filter } = query;
      const retryCount = attempt === undefined ? undefined : attempt - 1;
      const lines = await listLogLines(db, tenantId, id, { ...filter, retryCount }, { direction, limit });
      return wholeList(lines.map((line) => logLineShape(line, id)));
    },
  }),
  route({
    id: 'v1TaskCancel',
    method: 'post',
    path: '/api/v1/stable/tenants/{tenant}/tasks/cancel',
    summary: 'Cancels runs or tasks, by their ids or by a filter',
    body: CANCEL,
    answer: CANCELLED,
    handle: async ({ token, body }, { engine }) => ({ ids: await engine.cancelTasks(token, selection(body)) }),
  }),
  route({
    id: 'v1TaskReplay',
    method: 'post',
    path: '/api/v1/stable/tenants/{tenant}/tasks/replay',
    summary: 'Replays finished runs or tasks, by their ids or by a filter',
    body: REPLAY,
    answer: REPLAYED,
    handle: async ({ token, body }, { engine }) => ({ ids: await engine.replayTasks(token, selection(body)) }),
  }),
  route({
    id: 'v1TaskRestore',
    method: 'post',
    path: '/api/v1/stable/tasks/{task}/restore',
    summary: 'Resumes an evicted durable task',
    answer: RESTORED,
    async handle({ tenantId, token, params }, { db, engine }) {
      const { id } = await existingTask(db, tenantId, params.task);
      return { requeued: await engine.restoreTask(token, id) };
    },
  }),
  route({
    id: 'v1DurableTaskBranch',
    method: 'post',
    path: '/api/v1/stable/tenants/{tenant}/durable-tasks/branch',
    summary: 'Runs a durable task again from a position in its history',
    body: BRANCH,
    answer: BRANCHED,
    async handle({ tenantId, token, body }, { db, engine }) {
      await existingTask(db, tenantId, body.taskExternalId);
      return engine.branchDurableTask(token, body).catch((error: unknown) => {
        if (!(error instanceof ApiError) || error.status !== 501) throw error;
        throw new ApiError(501, 'this engine does not support branching of a durable task', error);
      });
    },
  }),
  route({
    id: 'v1TaskListStatusMetrics',
    method: 'get',
    path: '/api/v1/stable/tenants/{tenant}/task-metrics',
    summary: 'Counts tasks by their status',
    query: z.object({
      since: date,
      until: date.optional(),
      workflow_ids: list(z.guid()),
      parent_task_external_id: z.guid().optional(),
      triggering_event_external_id: z.guid().optional(),
      additional_metadata: list(metadataPair),
    }),
    answer: METRICS,
    async handle({ tenantId, query }, { db }) {
      const counts = await countTasks(db, tenantId, {
        since: query.since,
        until: query.until,
        workflowIds: query.workflow_ids,
        parentTaskId: query.parent_task_external_id,
        eventId: query.triggering_event_external_id,
        metadata: { pairs: query.additional_metadata, operator: 'OR' },
      });
      return STATUS.options.map(
        (status) => counts.find((counted) => counted.status === status) ?? { status, count: 0 },
      );
    },
  }),
];

async function existingTask(db: Parameters<typeof viewTask>[0], tenantId: string, taskId: string) {
  const task = await viewTask(db, tenantId, taskId);
  if (!task) throw new ApiError(404, HATCHET_TEXTS.taskNotFound);
  return task;
}

function selection({ externalIds, filter }: z.output<typeof SELECTION>) {
  return {
    ...(externalIds && { externalIds }),
    ...(filter && {
      filter: {
        since: filter.since,
        until: filter.until ?? undefined,
        statuses: filter.statuses ?? [],
        workflowIds: filter.workflowIds ?? [],
        additionalMetadata: filter.additionalMetadata ?? [],
      },
    }),
  };
}

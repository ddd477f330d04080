import type { Database } from '@hatchet-ts/storage';
import { stringifyExactly } from '@hatchet-ts/storage/json';
import {
  createSchedule,
  deleteSchedules,
  listSchedules,
  moveSchedules,
  type ScheduleView,
  viewSchedule,
} from '@hatchet-ts/storage/triggers';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import { component } from '../routing/components.ts';
import { date, list, metadataPair, pageQuery, priority, unsupported } from '../routing/request.ts';
import { type Route, route } from '../routing/route.ts';
import { JSON_OBJECT } from '../shapes/json.ts';
import { listShape } from '../shapes/list.ts';
import { SCHEDULE, SCHEDULE_LIST, scheduleShape } from '../shapes/schedule.ts';

const CREATE = component(
  'ScheduleWorkflowRunRequest',
  z.object({
    triggerAt: date,
    input: JSON_OBJECT.default({}),
    additionalMetadata: JSON_OBJECT.default({}),
    priority: priority.nullish(),
  }),
);
const UPDATE = component('UpdateScheduledWorkflowRunRequest', z.object({ triggerAt: date }));

const LIST = z.object({
  ...pageQuery(50, 1000),
  orderByField: z.enum(['triggerAt', 'createdAt']).default('triggerAt'),
  orderByDirection: z.enum(['ASC', 'DESC']).default('DESC'),
  workflowId: z.guid().optional(),
  additionalMetadata: list(metadataPair),
  statuses: list(z.enum(['PENDING', 'SCHEDULED', 'QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED'])),
  parentWorkflowRunId: unsupported,
  parentStepRunId: unsupported,
});

const MAX_BULK = 1_000;

const BULK_DELETE = component(
  'ScheduledWorkflowsBulkDeleteRequest',
  z
    .object({
      scheduledWorkflowRunIds: z.array(z.guid()).max(MAX_BULK).optional(),
      filter: z
        .object({
          workflowId: z.guid().optional(),
          additionalMetadata: z.array(metadataPair).optional(),
          parentWorkflowRunId: unsupported,
          parentStepRunId: unsupported,
        })
        .optional(),
    })
    .refine(
      ({ scheduledWorkflowRunIds = [], filter }) => scheduledWorkflowRunIds.length > 0 !== (filter !== undefined),
      'give either scheduledWorkflowRunIds or a filter',
    ),
);
const BULK_UPDATE = component(
  'ScheduledWorkflowsBulkUpdateRequest',
  z.object({
    updates: z
      .array(z.object({ id: z.guid(), triggerAt: date }))
      .min(1)
      .max(MAX_BULK),
  }),
);
const ERRORS = z.array(z.strictObject({ id: z.guid(), error: z.string() }));
const BULK_DELETED = component(
  'ScheduledWorkflowsBulkDeleteResponse',
  z.strictObject({ deletedIds: z.array(z.guid()), errors: ERRORS }),
);
const BULK_UPDATED = component(
  'ScheduledWorkflowsBulkUpdateResponse',
  z.strictObject({ updatedIds: z.array(z.guid()), errors: ERRORS }),
);

const FIRED = 'the schedule has already fired: create a new one';
const NOT_FOUND = 'scheduled workflow not found';

export const scheduleRoutes: Route[] = [
  route({
    id: 'scheduledWorkflowRunCreate',
    method: 'post',
    path: '/api/v1/tenants/{tenant}/workflows/{workflow}/scheduled',
    summary: 'Schedules a run of a workflow, given by its name or id. A time in the past starts the run now',
    params: { workflow: z.string().min(1) },
    body: CREATE,
    answer: SCHEDULE,
    async handle({ tenantId, params, body }, { db }) {
      const id = await createSchedule(db, {
        tenantId,
        workflow: params.workflow,
        method: 'API',
        triggerAt: body.triggerAt,
        input: stringifyExactly(body.input),
        additionalMetadata: stringifyExactly(body.additionalMetadata),
        priority: body.priority ?? undefined,
      });
      if (id === undefined) throw new ApiError(400, HATCHET_TEXTS.workflowNotFound);
      return scheduleShape(await existingSchedule(db, tenantId, id));
    },
  }),
  route({
    id: 'workflowScheduledList',
    method: 'get',
    path: '/api/v1/tenants/{tenant}/workflows/scheduled',
    summary: 'Lists schedules with the runs that they started',
    query: LIST,
    answer: SCHEDULE_LIST,
    async handle({ tenantId, query }, { db }) {
      const filter = {
        workflowId: query.workflowId,
        statuses: query.statuses,
        metadata: { pairs: query.additionalMetadata, operator: 'AND' as const },
      };
      const by = query.orderByField === 'createdAt' ? ('created_at' as const) : ('trigger_at' as const);
      const schedules = await listSchedules(db, tenantId, filter, query, { by, direction: query.orderByDirection });
      return listShape(schedules, query, scheduleShape);
    },
  }),
  route({
    id: 'workflowScheduledGet',
    method: 'get',
    path: '/api/v1/tenants/{tenant}/workflows/scheduled/{schedule}',
    summary: 'Returns a schedule',
    answer: SCHEDULE,
    handle: async ({ tenantId, params }, { db }) =>
      scheduleShape(await existingSchedule(db, tenantId, params.schedule)),
  }),
  route({
    id: 'workflowScheduledUpdate',
    method: 'patch',
    path: '/api/v1/tenants/{tenant}/workflows/scheduled/{schedule}',
    summary: 'Changes the time of a schedule that has not fired',
    body: UPDATE,
    answer: SCHEDULE,
    async handle({ tenantId, params, body }, { db }) {
      const { id } = await existingSchedule(db, tenantId, params.schedule);
      const [moved] = await moveSchedules(db, tenantId, [{ id, triggerAt: body.triggerAt }]);
      if (!moved) throw new ApiError(400, FIRED);
      return scheduleShape(await existingSchedule(db, tenantId, id));
    },
  }),
  route({
    id: 'workflowScheduledDelete',
    method: 'delete',
    path: '/api/v1/tenants/{tenant}/workflows/scheduled/{schedule}',
    summary: 'Deletes a schedule. A run that it has started continues',
    async handle({ tenantId, params }, { db }) {
      const [deleted] = await deleteSchedules(db, tenantId, { ids: [params.schedule] });
      if (!deleted) throw new ApiError(404, NOT_FOUND);
    },
  }),
  route({
    id: 'workflowScheduledBulkDelete',
    method: 'post',
    path: '/api/v1/tenants/{tenant}/workflows/scheduled/bulk-delete',
    summary: 'Deletes schedules by their ids, or by a filter those that have not fired',
    body: BULK_DELETE,
    answer: BULK_DELETED,
    async handle({ tenantId, body: { scheduledWorkflowRunIds: ids = [], filter } }, { db }) {
      const deletedIds = await deleteSchedules(db, tenantId, {
        ids,
        ...(filter && {
          workflowId: filter.workflowId,
          statuses: ['SCHEDULED'],
          metadata: { pairs: filter.additionalMetadata ?? [], operator: 'AND' },
        }),
      });
      return { deletedIds, errors: without(ids, deletedIds).map((id) => ({ id, error: NOT_FOUND })) };
    },
  }),
  route({
    id: 'workflowScheduledBulkUpdate',
    method: 'post',
    path: '/api/v1/tenants/{tenant}/workflows/scheduled/bulk-update',
    summary: 'Changes the times of schedules that have not fired',
    body: BULK_UPDATE,
    answer: BULK_UPDATED,
    async handle({ tenantId, body: { updates } }, { db }) {
      const updatedIds = await moveSchedules(db, tenantId, updates);
      const missed = without(
        updates.map(({ id }) => id),
        updatedIds,
      );
      const page = { offset: 0, limit: missed.length };
      const { rows } = missed.length > 0 ? await listSchedules(db, tenantId, { ids: missed }, page) : { rows: [] };
      const fired = new Set(rows.map(({ id }) => id));
      return { updatedIds, errors: missed.map((id) => ({ id, error: fired.has(id) ? FIRED : NOT_FOUND })) };
    },
  }),
];

async function existingSchedule(db: Database, tenantId: string, id: string): Promise<ScheduleView> {
  const schedule = await viewSchedule(db, tenantId, id);
  if (!schedule) throw new ApiError(404, NOT_FOUND);
  return schedule;
}

function without(ids: readonly string[], done: readonly string[]): string[] {
  const gone = new Set(done);
  return [...new Set(ids.map((id) => id.toLowerCase()))].filter((id) => !gone.has(id));
}

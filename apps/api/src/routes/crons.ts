import type { Database } from '@hatchet-ts/storage';
import { stringifyExactly } from '@hatchet-ts/storage/json';
import {
  CronExpressionError,
  type CronView,
  createCron,
  deleteCron,
  listCrons,
  nextFireAt,
  setCronEnabled,
  viewCron,
} from '@hatchet-ts/storage/triggers';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import { component } from '../routing/components.ts';
import { indexedText, list, metadataPair, pageQuery, priority } from '../routing/request.ts';
import { type Route, route } from '../routing/route.ts';
import { CRON, CRON_LIST, cronShape } from '../shapes/cron.ts';
import { JSON_OBJECT } from '../shapes/json.ts';
import { listShape } from '../shapes/list.ts';

const CREATE = component(
  'CreateCronWorkflowTriggerRequest',
  z.object({
    cronName: indexedText.min(1, 'must not be empty'),
    cronExpression: indexedText,
    input: JSON_OBJECT.default({}),
    additionalMetadata: JSON_OBJECT.default({}),
    priority: priority.nullish(),
  }),
);
const UPDATE = component('UpdateCronWorkflowTriggerRequest', z.object({ enabled: z.boolean() }));

const LIST = z.object({
  ...pageQuery(50, 1000),
  workflowId: z.guid().optional(),
  workflowName: z.string().optional(),
  cronName: z.string().optional(),
  additionalMetadata: list(metadataPair),
  orderByField: z.enum(['name', 'createdAt']).default('createdAt'),
  orderByDirection: z.enum(['ASC', 'DESC']).default('DESC'),
});

export const cronRoutes: Route[] = [
  route({
    id: 'cronWorkflowTriggerCreate',
    method: 'post',
    path: '/api/v1/tenants/{tenant}/workflows/{workflow}/crons',
    summary: 'Creates a cron (in UTC) for a workflow, given by its name or id',
    params: { workflow: z.string().min(1) },
    body: CREATE,
    answer: CRON,
    async handle({ tenantId, params, body }, { db }) {
      const { cronName: name, cronExpression: expression } = body;
      assertFires(expression);
      const created = await createCron(db, {
        tenantId,
        workflow: params.workflow,
        name,
        expression,
        input: stringifyExactly(body.input),
        additionalMetadata: stringifyExactly(body.additionalMetadata),
        priority: body.priority ?? undefined,
      });
      if (created === 'no-workflow') throw new ApiError(400, HATCHET_TEXTS.workflowNotFound);
      if (created === 'exists')
        throw new ApiError(
          400,
          `the workflow already has a cron "${name}" with this expression: delete that one first`,
        );
      return cronShape(await existingCron(db, tenantId, created.id));
    },
  }),
  route({
    id: 'cronWorkflowList',
    method: 'get',
    path: '/api/v1/tenants/{tenant}/workflows/crons',
    summary: 'Lists crons, including those that workflows declare',
    query: LIST,
    answer: CRON_LIST,
    async handle({ tenantId, query }, { db }) {
      const filter = {
        workflowId: query.workflowId,
        workflowName: query.workflowName,
        name: query.cronName,
        metadata: { pairs: query.additionalMetadata, operator: 'AND' as const },
      };
      const by = query.orderByField === 'name' ? ('name' as const) : ('created_at' as const);
      const crons = await listCrons(db, tenantId, filter, query, { by, direction: query.orderByDirection });
      return listShape(crons, query, cronShape);
    },
  }),
  route({
    id: 'workflowCronGet',
    method: 'get',
    path: '/api/v1/tenants/{tenant}/workflows/crons/{cron}',
    summary: 'Returns a cron',
    answer: CRON,
    handle: async ({ tenantId, params }, { db }) => cronShape(await existingCron(db, tenantId, params.cron)),
  }),
  route({
    id: 'workflowCronUpdate',
    method: 'patch',
    path: '/api/v1/tenants/{tenant}/workflows/crons/{cron}',
    summary: 'Disables a cron, or enables it from now on',
    body: UPDATE,
    answer: CRON,
    async handle({ tenantId, params, body }, { db }) {
      await setCronEnabled(db, await existingCron(db, tenantId, params.cron), body.enabled);
      return cronShape(await existingCron(db, tenantId, params.cron));
    },
  }),
  route({
    id: 'workflowCronDelete',
    method: 'delete',
    path: '/api/v1/tenants/{tenant}/workflows/crons/{cron}',
    summary: 'Deletes a cron. Runs that it has started continue',
    async handle({ tenantId, params }, { db }) {
      const { id, method } = await existingCron(db, tenantId, params.cron);
      if (method === 'DEFAULT')
        throw new ApiError(
          403,
          'the workflow declares this cron: remove it from the definition and register the workflow again',
        );
      await deleteCron(db, tenantId, id);
    },
  }),
];

async function existingCron(db: Database, tenantId: string, id: string): Promise<CronView> {
  const cron = await viewCron(db, tenantId, id);
  if (!cron) throw new ApiError(404, HATCHET_TEXTS.cronNotFound);
  return cron;
}

function assertFires(expression: string): void {
  try {
    if (nextFireAt(expression, new Date()) !== null) return;
  } catch (error) {
    throw error instanceof CronExpressionError ? new ApiError(400, error.message) : error;
  }
  throw new ApiError(400, `"${expression}" never fires: its date does not exist`);
}

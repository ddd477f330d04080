import type { Database } from '@hatchet-ts/storage';
import {
  deleteWorkflow,
  listWorkflows,
  viewWorkflow,
  viewWorkflowVersion,
  type WorkflowView,
} from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import { pageQuery } from '../routing/request.ts';
import { type Route, route } from '../routing/route.ts';
import { listShape } from '../shapes/list.ts';
import { WORKFLOW, WORKFLOW_LIST, WORKFLOW_VERSION, workflowShape, workflowVersionShape } from '../shapes/workflow.ts';

export const workflowRoutes: Route[] = [
  route({
    id: 'workflowList',
    method: 'get',
    path: '/api/v1/tenants/{tenant}/workflows',
    summary: 'Lists workflows by name; with a name, those that contain it, an exact match first',
    query: z.object({ ...pageQuery(50, 1000), name: z.string().optional() }),
    answer: WORKFLOW_LIST,
    async handle({ tenantId, query }, { db }) {
      const workflows = await listWorkflows(db, tenantId, query.name, query);
      return listShape(workflows, query, (workflow) => workflowShape(workflow, tenantId));
    },
  }),
  route({
    id: 'workflowGet',
    method: 'get',
    path: '/api/v1/workflows/{workflow}',
    summary: 'Returns a workflow',
    answer: WORKFLOW,
    handle: async ({ tenantId, params }, { db }) =>
      workflowShape(await existingWorkflow(db, tenantId, params.workflow), tenantId),
  }),
  route({
    id: 'workflowVersionGet',
    method: 'get',
    path: '/api/v1/workflows/{workflow}/versions',
    summary: 'Returns a version of a workflow, by default the current one',
    query: z.object({ version: z.guid().optional() }),
    answer: WORKFLOW_VERSION,
    async handle({ tenantId, params, query }, { db }) {
      const workflow = await existingWorkflow(db, tenantId, params.workflow);
      const version = await viewWorkflowVersion(db, workflow, query.version);
      if (!version) throw new ApiError(404, HATCHET_TEXTS.versionNotFound);
      return workflowVersionShape(version, workflow, tenantId);
    },
  }),
  route({
    id: 'workflowDelete',
    method: 'delete',
    path: '/api/v1/workflows/{workflow}',
    summary: 'Deletes a workflow with its schedules and crons. Its runs continue',
    async handle({ tenantId, params }, { db }) {
      if (!(await deleteWorkflow(db, tenantId, params.workflow)))
        throw new ApiError(404, HATCHET_TEXTS.workflowNotFound);
    },
  }),
];

async function existingWorkflow(db: Database, tenantId: string, id: string): Promise<WorkflowView> {
  const workflow = await viewWorkflow(db, tenantId, id);
  if (!workflow) throw new ApiError(404, HATCHET_TEXTS.workflowNotFound);
  return workflow;
}

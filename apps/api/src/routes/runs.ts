import { listRuns, listTasks, type RunView, viewRun } from '@hatchet-ts/storage/reads';
import { findWorkflows } from '@hatchet-ts/storage/workflows';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import type { Routes } from '../application.ts';
import { bodyOf, date, flag, list, pageQuery, queryOf, uuidParam } from '../request.ts';
import { listShape } from '../shapes/pagination.ts';
import { runDetailsShape, runSummaryShape, taskShape } from '../shapes/run.ts';

const LIST = z.object({
  ...pageQuery(50, 1000),
  since: date.optional(),
  until: date.optional(),
  statuses: list(z.enum(['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED'])),
  workflow_ids: list(z.guid()),
  additional_metadata: list(z.string().regex(/^[^:]+:/, 'must look like key:value')),
  additional_metadata_operator: z.enum(['AND', 'OR']).default('OR'),
  only_tasks: flag.default(false),
  include_payloads: flag.default(true),
  parent_task_external_id: z.guid().optional(),
  triggering_event_external_id: z.guid().optional(),
  worker_id: z.guid().optional(),
  trace_id: z
    .string()
    .regex(/^[\da-f]{32}$/, 'must be 32 hexadecimal digits')
    .optional(),
  idempotency_keys: z.undefined('is not implemented by this server').optional(),
});

const TRIGGER = z.object({
  workflowName: z.string().min(1),
  input: z.record(z.string(), z.unknown()).default({}),
  additionalMetadata: z.record(z.string(), z.unknown()).optional(),
  priority: z.int().min(1).max(3).optional(),
});

export const runRoutes: Routes = (app, { db, triggers }) => {
  const existingRun = async (tenantId: string, runId: string): Promise<RunView> => {
    const run = await viewRun(db, tenantId, runId);
    if (!run) throw new ApiError(404, 'workflow run not found');
    return run;
  };

  app.get('/api/v1/stable/workflow-runs/:run', async (c) => {
    return c.json(runDetailsShape(await existingRun(c.get('tenantId'), uuidParam(c, 'run'))));
  });

  app.get('/api/v1/stable/workflow-runs/:run/status', async (c) => {
    return c.json((await existingRun(c.get('tenantId'), uuidParam(c, 'run'))).status);
  });

  app.get('/api/v1/stable/tenants/:tenant/workflow-runs', async (c) => {
    const query = queryOf(c, LIST);
    const filter = {
      since: query.since,
      until: query.until,
      statuses: query.statuses,
      workflowIds: query.workflow_ids,
      metadata: { pairs: query.additional_metadata.map(keyAndValue), operator: query.additional_metadata_operator },
      traceId: query.trace_id,
      parentTaskId: query.parent_task_external_id,
      workerId: query.worker_id,
      eventId: query.triggering_event_external_id,
    };
    const [tenantId, show] = [c.get('tenantId'), { payloads: query.include_payloads }];
    return c.json(
      query.only_tasks
        ? listShape(await listTasks(db, tenantId, filter, query), query, (task) => taskShape(task, show))
        : listShape(await listRuns(db, tenantId, filter, query), query, (run) => runSummaryShape(run, show)),
    );
  });

  app.post('/api/v1/stable/tenants/:tenant/workflow-runs/trigger', async (c) => {
    const request = await bodyOf(c, TRIGGER);
    const tenantId = c.get('tenantId');
    // the SDK would try an unknown name again and again
    const known = await findWorkflows(db, tenantId, [request.workflowName.toLowerCase()]);
    if (known.length === 0) throw new ApiError(400, `workflow names not found: ${request.workflowName}`);
    const runId = await triggers.trigger(c.get('token'), request);
    return c.json(runDetailsShape(await existingRun(tenantId, runId)));
  });
};

function keyAndValue(pair: string): [key: string, value: string] {
  const colon = pair.indexOf(':');
  return [pair.slice(0, colon), pair.slice(colon + 1)];
}

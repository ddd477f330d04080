import type { TriggerWorkflowRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import {
  PutRateLimitResponse,
  type ScheduleWorkflowRequest,
  WorkflowServiceDefinition,
} from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { type RunAttributes, runSpan, setRunAttributes } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { parentTasks } from '@hatchet-ts/storage/runs';
import { createSchedules, type NewChildSchedule } from '@hatchet-ts/storage/triggers';
import { context, trace } from '@opentelemetry/api';
import type { ServiceImplementation } from 'nice-grpc';
import { Refusal } from '../refusal.ts';
import type { Creation } from '../runs/creation.ts';
import { type Collision, IdempotencyCollision } from '../runs/idempotency.ts';
import type { RunRequest } from '../runs/new-run.ts';
import type { Registry } from '../runs/registry.ts';
import type { Authorised } from './authorisation.ts';
import { desiredLabels } from './desired-labels.ts';
import { jsonField, metadataField, priorityField, uuidField } from './fields.ts';
import { LEFT_OUT_OF_RUNS, refuseLeftOut } from './left-out.ts';
import { assertAtMost, MOST_ITEMS } from './limits.ts';
import { unimplemented } from './unimplemented.ts';

/** With the method that Python's SDK has and the npm package's definitions lack: what it says is not read. */
export const WorkflowsDefinition = {
  ...WorkflowServiceDefinition,
  methods: {
    ...WorkflowServiceDefinition.methods,
    pauseRateLimit: {
      name: 'PauseRateLimit',
      requestType: PutRateLimitResponse,
      requestStream: false,
      responseType: PutRateLimitResponse,
      responseStream: false,
      options: {},
    },
  },
} as const;

export interface WorkflowsDeps {
  db: Database;
  registry: Registry;
  creation: Creation;
}

/** `WorkflowService`: starts runs, now or at a time. */
export function workflowService({
  db,
  registry,
  creation,
}: WorkflowsDeps): ServiceImplementation<typeof WorkflowsDefinition, Authorised> {
  /** @throws IdempotencyCollision once the other runs are created. */
  async function trigger(
    tenantId: string,
    triggers: readonly TriggerWorkflowRequest[],
    attributes: RunAttributes,
    isBulk: boolean,
  ): Promise<string[]> {
    const requests = triggers.map(runRequest);
    const call = trace.getSpanContext(context.active());
    return runSpan('trigger-workflow-run', { attributes }, async (span) => {
      const runs = await creation.prepare(tenantId, requests, call);
      const collisions: Collision[] = [];
      const ids = await creation.store(runs, undefined, (collision) => collisions.push(collision));
      creation.committed(runs);
      if (ids.length === 1) setRunAttributes(span, { 'workflow_run.id': ids[0] });
      if (collisions.length === 0) return ids;
      const collided = new Set(collisions.map(({ runId }) => runId));
      const created = ids.filter((_, position) => !collided.has(runs[position]!.id));
      throw new IdempotencyCollision(collisions, isBulk ? created : undefined);
    });
  }

  return {
    ...unimplemented<typeof WorkflowsDefinition, Authorised>(WorkflowsDefinition),
    async triggerWorkflow(request, { tenantId }) {
      const attributes = { 'workflow.name': request.name.toLowerCase() };
      const [workflowRunId = ''] = await trigger(tenantId, [request], attributes, false);
      return { workflowRunId };
    },
    async bulkTriggerWorkflow({ workflows }, { tenantId }) {
      assertAtMost(workflows, MOST_ITEMS, 'runs');
      return { workflowRunIds: await trigger(tenantId, workflows, { 'batch.item_count': workflows.length }, true) };
    },
    async scheduleWorkflow(request, { tenantId }) {
      const schedules = newSchedules(request, tenantId);
      const workflow = (await registry.workflows(tenantId, [request.name.toLowerCase()])).values().next().value;
      if (!workflow) throw new Refusal('invalid', `workflow names not found: ${request.name}`);
      await assertParent(db, tenantId, schedules[0]?.parent?.taskId);
      const ids = await createSchedules(db, workflow.id, schedules);
      return {
        id: workflow.versionId,
        workflowId: workflow.id,
        version: '',
        order: 0,
        scheduledWorkflows: schedules.map(({ triggerAt }, position) => ({ id: ids[position] ?? '', triggerAt })),
      };
    },
  };
}

async function assertParent(db: Database, tenantId: string, taskId: string | undefined): Promise<void> {
  if (taskId === undefined || (await parentTasks(db, tenantId, [taskId])).length > 0) return;
  throw new Refusal('invalid', `parent task run not found: ${taskId}`);
}

function newSchedules(request: ScheduleWorkflowRequest, tenantId: string): NewChildSchedule[] {
  const { schedules, parentTaskRunExternalId, childIndex, childKey } = request;
  if (schedules.length === 0) throw new Refusal('invalid', 'give the times in schedules');
  assertAtMost(schedules, MOST_ITEMS, 'schedules');
  const priority = priorityField(request.priority);
  const schedule = {
    tenantId,
    input: jsonField(request.input, 'input'),
    additionalMetadata: JSON.stringify(metadataField(request.additionalMetadata)),
    ...(priority === undefined ? {} : { priority }),
    ...(parentTaskRunExternalId
      ? { parent: { taskId: uuidField(parentTaskRunExternalId, 'parentTaskRunExternalId'), childIndex, childKey } }
      : {}),
  };
  return schedules.map((triggerAt) => ({ ...schedule, triggerAt }));
}

/** A request for a run, checked. @throws Refusal */
export function runRequest(request: TriggerWorkflowRequest): RunRequest {
  const { name, parentTaskRunExternalId, childIndex, childKey } = request;
  refuseLeftOut(LEFT_OUT_OF_RUNS, request, `run of ${name}`);
  const labels = desiredLabels(request.desiredWorkerLabels, `run of ${name}`);
  const priority = priorityField(request.priority);
  return {
    workflowName: name.toLowerCase(),
    input: jsonField(request.input, 'input'),
    metadata: metadataField(request.additionalMetadata),
    ...(priority === undefined ? {} : { priority }),
    ...(labels ? { labels } : {}),
    // Runs of a bulk carry a childIndex also where they are nobody's children.
    ...(parentTaskRunExternalId
      ? {
          parent: {
            taskId: uuidField(parentTaskRunExternalId, 'parentTaskRunExternalId'),
            ...(childIndex === undefined ? {} : { childIndex }),
            ...(childKey ? { childKey } : {}),
          },
        }
      : {}),
  };
}

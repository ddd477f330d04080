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
import { workflowsNotFound } from '../messages/hatchet-texts.ts';
import { assertAtMost, assertKey, MOST_ITEMS } from '../messages/limits.ts';
import { mapItems, Refusal } from '../refusal.ts';
import { type Collision, IdempotencyCollision } from '../runs/idempotency.ts';
import type { RunRequest } from '../runs/new-run.ts';
import type { Registry } from '../runs/registry.ts';
import type { RunFactory } from '../runs/run-factory.ts';
import type { Authorized } from './authorization.ts';
import { desiredLabels } from './desired-labels.ts';
import { jsonField, metadataField, priorityField, uuidField } from './fields.ts';
import { unimplemented } from './unimplemented.ts';
import { assertSupported, UNSUPPORTED_IN_RUNS } from './unsupported-features.ts';

/** Service definition plus a method that only Python's SDK has; its request is not read. */
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
  factory: RunFactory;
}

/** `WorkflowService`: starts runs, now or at a time. */
export function workflowService({
  db,
  registry,
  factory,
}: WorkflowsDeps): ServiceImplementation<typeof WorkflowsDefinition, Authorized> {
  /** Creates runs. @throws IdempotencyCollision once the others are created */
  async function trigger(
    tenantId: string,
    triggers: readonly TriggerWorkflowRequest[],
    attributes: RunAttributes,
    isBulk: boolean,
  ): Promise<string[]> {
    const requests = mapItems(triggers, 'workflows', runRequest);
    const call = trace.getSpanContext(context.active());
    return runSpan('trigger-workflow-run', { attributes }, async (span) => {
      const runs = await factory.prepare(tenantId, requests, call);
      const collisions: Collision[] = [];
      const ids = await factory.store(runs, undefined, (collision) => collisions.push(collision));
      factory.announce(runs);
      if (ids.length === 1) setRunAttributes(span, { 'workflow_run.id': ids[0] });
      if (collisions.length === 0) return ids;
      const collided = new Set(collisions.map(({ runId }) => runId));
      const created = ids.filter((_, position) => !collided.has(runs[position]!.id));
      throw new IdempotencyCollision(collisions, isBulk ? created : undefined);
    });
  }

  return {
    ...unimplemented<typeof WorkflowsDefinition, Authorized>(WorkflowsDefinition),
    async triggerWorkflow(request, { tenantId }) {
      const attributes = { 'workflow.name': request.name };
      const [workflowRunId = ''] = await trigger(tenantId, [request], attributes, false);
      return { workflowRunId };
    },
    async bulkTriggerWorkflow({ workflows }, { tenantId }) {
      assertAtMost(workflows, MOST_ITEMS, 'runs');
      return { workflowRunIds: await trigger(tenantId, workflows, { 'batch.item_count': workflows.length }, true) };
    },
    async scheduleWorkflow(request, { tenantId }) {
      const schedules = newSchedules(request, tenantId);
      const workflow = (await registry.find(tenantId, [request.name])).values().next().value;
      if (!workflow) throw new Refusal('invalid', workflowsNotFound([request.name]));
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
  if (schedules.length === 0) throw new Refusal('invalid', 'schedules must contain at least one time');
  assertAtMost(schedules, MOST_ITEMS, 'schedules');
  assertKey(request.name, 'the name of a workflow');
  assertKey(childKey ?? '', 'the child key');
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

/** Reads a request for a run. @throws Refusal */
export function runRequest(request: TriggerWorkflowRequest): RunRequest {
  const { name, parentTaskRunExternalId, childIndex, childKey } = request;
  assertKey(name, 'the name of a workflow');
  assertSupported(UNSUPPORTED_IN_RUNS, request, `run of ${name}`);
  const labels = desiredLabels(request.desiredWorkerLabels, `run of ${name}`);
  const priority = priorityField(request.priority);
  return {
    workflowName: name,
    input: jsonField(request.input, 'input'),
    metadata: metadataField(request.additionalMetadata),
    ...(priority === undefined ? {} : { priority }),
    ...(labels ? { labels } : {}),
    // Runs of a bulk have a childIndex even if they are not children.
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

import { randomUUIDv7 } from 'node:crypto';
import type { EpochMs, NewRun, NewTask, ParentTask } from '@hatchet-ts/storage/runs';
import type { DesiredLabels, Workflow } from '@hatchet-ts/storage/workflows';
import type { SpanContext } from '@opentelemetry/api';
import { batchKey } from '../batch/batches.ts';
import { affinityText } from '../scheduling/affinity.ts';
import { firingContext, newRunContext } from './context.ts';
import { idempotencyClaim } from './idempotency.ts';
import { childMetadata, eventRunMetadata, type Metadata } from './metadata.ts';

/** Somebody asks for a run. */
export interface RunRequest {
  workflowName: string;
  /** JSON text. */
  input: string;
  metadata: Metadata;
  /** 1 to 3; the workflow's default where unset. */
  priority?: number;
  parent?: { taskId: string; childIndex?: number; childKey?: string };
  event?: { id: string; key: string };
  /** What it wants of its workers, over what its tasks want. */
  labels?: DesiredLabels;
  /** A schedule or a cron asks, and nobody calls. */
  firing?: true;
}

/** The run that a request asks for, ready to be stored. Pure but for the ids. */
export function newRun(
  request: RunRequest,
  workflow: Workflow,
  origin: { parent?: ParentTask; call: SpanContext | undefined },
  createdAt: EpochMs,
): NewRun {
  const id = randomUUIDv7();
  const given = metadataOf(request, origin.parent);
  const { metadata, ...context } = request.firing ? firingContext(given) : newRunContext(given, origin.call);
  const idempotency = idempotencyClaim(request, workflow, createdAt);
  return {
    id,
    tenantId: workflow.tenantId,
    workflowId: workflow.id,
    versionId: workflow.versionId,
    workflowName: workflow.name,
    priority: request.priority ?? workflow.definition.defaultPriority,
    input: request.input,
    additionalMetadata: metadata,
    ...context,
    ...(origin.parent && request.parent ? { parent: childOf(origin.parent, request.parent) } : {}),
    ...(request.event ? { event: request.event } : {}),
    ...(idempotency ? { idempotency } : {}),
    createdAt,
    tasks: newTasks(id, request, workflow, createdAt),
  };
}

function metadataOf({ metadata, event }: RunRequest, parent: ParentTask | undefined): Metadata {
  if (parent) return childMetadata(metadata, parent);
  return event ? eventRunMetadata(metadata, event) : metadata;
}

/** A run of a single task has one id for both, as in Hatchet's own engine. */
function newTasks(
  runId: string,
  { input, labels }: RunRequest,
  { definition: { steps } }: Workflow,
  createdAt: EpochMs,
): NewTask[] {
  return steps.map((step, position) => {
    const waits = step.parents.length > 0 || step.kind === 'on-failure';
    return {
      id: steps.length === 1 ? runId : randomUUIDv7(),
      step: position,
      name: step.name,
      action: step.action,
      affinity: affinityText(step.labels, labels),
      status: waits ? 'WAITING' : 'QUEUED',
      timeoutMs: step.timeout.ms,
      dueAt: waits ? null : createdAt + step.scheduleTimeout.ms,
      ...(step.durable ? { durable: true } : {}),
      ...(step.batch ? { batchKey: batchKey(step.batch, input) } : {}),
    };
  });
}

function childOf(
  { runId, taskId }: ParentTask,
  { childIndex, childKey }: NonNullable<RunRequest['parent']>,
): NonNullable<NewRun['parent']> {
  const dedupe = childKey === undefined ? `index:${childIndex ?? 0}` : `key:${childKey}`;
  return { runId, taskId, dedupe, childIndex: childIndex ?? null, childKey: childKey ?? null };
}

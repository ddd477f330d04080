import { randomUUIDv7 } from 'node:crypto';
import { readLink, TRACEPARENT, TRACESTATE } from '@hatchet-ts/sdk-otel/propagation';
import type { EpochMs, NewRun, NewTask, ParentTask } from '@hatchet-ts/storage/runs';
import type { BatchConfig, DesiredLabels, Workflow } from '@hatchet-ts/storage/workflows';
import type { SpanContext } from '@opentelemetry/api';
import { batchKeyError } from '../messages/hatchet-texts.ts';
import { assertKey } from '../messages/limits.ts';
import { affinityText } from '../placement/affinity.ts';
import { type Metadata, newRunContext } from './context.ts';
import { idempotencyClaim } from './idempotency.ts';

/** Prefix of keys that only the engine writes, except the SDK's keys for the source of an event. */
const RESERVED = 'hatchet__';
const SOURCE = ['hatchet__source_workflow_run_id', 'hatchet__source_step_run_id'];

/** Request for a run. */
export interface RunRequest {
  workflowName: string;
  /** JSON text. */
  input: string;
  metadata: Metadata;
  /** 1 to 3; defaults to the workflow's. */
  priority?: number;
  parent?: { taskId: string; childIndex?: number; childKey?: string };
  event?: { id: string; key: string };
  /** Desired worker labels; they override those of the tasks. */
  labels?: DesiredLabels;
  /** The request comes from a schedule or cron, not from a call. */
  firing?: true;
}

/** Builds the run of a request, ready to be stored. Pure except for the ids. @throws Refusal for keys that cannot be stored */
export function newRun(
  request: RunRequest,
  workflow: Workflow,
  origin: { parent?: ParentTask; call: SpanContext | undefined },
  createdAt: EpochMs,
): NewRun {
  const id = randomUUIDv7();
  const given = metadataOf(request, origin.parent);
  const { metadata, ...context } = newRunContext(given, request.firing ? undefined : origin.call);
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

/** Metadata of a child: its parent run's, overlaid by its own, plus the ids of its parent. */
export function childMetadata(
  own: Metadata,
  parent: { runId: string; taskId: string; additionalMetadata: Metadata },
): Metadata {
  const inherited = withoutReserved(parent.additionalMetadata);
  // The child has a context of its own; a tracestate belongs to the traceparent beside it (W3C Trace Context 3.3).
  if (own.traceparent !== undefined) delete inherited.tracestate;
  if (readLink(own)) for (const key of [TRACEPARENT, TRACESTATE]) delete inherited[key];
  return {
    ...inherited,
    ...own,
    hatchet__parent_workflow_run_id: parent.runId,
    hatchet__parent_step_run_id: parent.taskId,
  };
}

/** Metadata of a run that an event started. */
export function eventRunMetadata(own: Metadata, event: { id: string; key: string }): Metadata {
  return {
    ...withoutReserved(own),
    ...Object.fromEntries(SOURCE.filter((key) => own[key] !== undefined).map((key) => [key, own[key]])),
    hatchet__event_id: event.id,
    hatchet__event_key: event.key,
  };
}

function withoutReserved(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !key.startsWith(RESERVED)));
}

/** Builds the tasks of a run. A single task shares the run's id, as in Hatchet's own engine. */
function newTasks(
  runId: string,
  { input, labels }: RunRequest,
  { definition: { steps } }: Workflow,
  createdAt: EpochMs,
): NewTask[] {
  return steps.map((step, position) => {
    const affinity = affinityText(step.labels, labels);
    assertKey(affinity, `the JSON of the desired labels of task ${step.name}`);
    const waits = step.parents.length > 0 || step.kind === 'on-failure';
    return {
      id: steps.length === 1 ? runId : randomUUIDv7(),
      step: position,
      name: step.name,
      action: step.action,
      affinity,
      status: waits ? 'WAITING' : 'QUEUED',
      timeoutMs: step.timeout.ms,
      dueAt: waits ? null : createdAt + step.scheduleTimeout.ms,
      ...(step.durable ? { durable: true } : {}),
      ...(step.batch ? batchKey(step.batch, input) : {}),
    };
  });
}

function childOf(
  { runId, taskId }: ParentTask,
  { childIndex, childKey }: NonNullable<RunRequest['parent']>,
): NonNullable<NewRun['parent']> {
  assertKey(childKey ?? '', 'the child key');
  const dedupe = childKey === undefined ? `index:${childIndex ?? 0}` : `key:${childKey}`;
  return { runId, taskId, dedupe, childIndex: childIndex ?? null, childKey: childKey ?? null };
}

/**
 * Computes the key of the batches that a task can join: the text in its input that its step names. Without a group key all
 * tasks share a batch. Any other value is an error, as in Hatchet's own engine.
 */
export function batchKey({ groupBy }: BatchConfig, input: string): Pick<NewTask, 'batchKey' | 'batchKeyError'> {
  if (!groupBy) return { batchKey: '' };
  let value: unknown = JSON.parse(input);
  const invalid = (cause: string) => ({
    batchKey: '',
    batchKeyError: batchKeyError(['input', ...groupBy].join('.'), cause),
  });
  for (const name of groupBy) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) {
      return invalid(`no such key: ${name}`);
    }
    value = (value as Record<string, unknown>)[name];
  }
  if (typeof value === 'string') return { batchKey: storableText(value.trim()) };
  return invalid(`expected string output for batch key, got ${typeof value === 'number' ? 'int' : 'unknown type'}`);
}

/** PostgreSQL's text cannot hold U+0000. */
function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

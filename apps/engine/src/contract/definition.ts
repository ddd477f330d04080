import {
  type CreateTaskOpts,
  type CreateWorkflowVersionRequest,
  IdempotencyMethod,
} from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { CronExpressionError, nextFireAt } from '@hatchet-ts/storage/triggers';
import type { NewDefinition, Step } from '@hatchet-ts/storage/workflows';
import { assertKey } from '../messages/limits.ts';
import { affinityText } from '../placement/affinity.ts';
import { Refusal } from '../refusal.ts';
import { MOST_IN_A_BATCH } from '../scheduling/batches.ts';
import { celPath } from './cel-path.ts';
import { desiredLabels } from './desired-labels.ts';
import { durationMs, jsonField, priorityField } from './fields.ts';
import { assertSupported, UNSUPPORTED_IN_TASKS, UNSUPPORTED_IN_WORKFLOWS } from './unsupported-features.ts';

type NewStep = Omit<Step, 'id'>;

/** Hatchet's default timeouts. */
const TIMEOUT = '60s';
const SCHEDULE_TIMEOUT = '5m';
const LONGEST_BACKOFF_S = 86_400;

/**
 * Reads a registration.
 *
 * @throws Refusal for unsupported features and inconsistent workflows.
 */
export function workflowDefinition(request: CreateWorkflowVersionRequest): NewDefinition {
  const { tasks, onFailureTask, eventTriggers, description } = request;
  if (request.name === '') throw new Refusal('invalid', 'a workflow must have a name');
  assertKey(request.name, 'the name of a workflow');
  if (tasks.length === 0) throw new Refusal('invalid', `workflow ${request.name} must have at least one task`);
  assertSupported(UNSUPPORTED_IN_WORKFLOWS, request, `workflow ${request.name}`);
  for (const key of eventTriggers) assertKey(key, `the event key of workflow ${request.name}`);
  const steps = tasks.map((task) => stepOf(task, tasks));
  if (onFailureTask) steps.push({ ...stepOf(onFailureTask, []), kind: 'on-failure' });
  assertDistinct(steps);
  assertAcyclic(steps);
  return {
    description,
    defaultPriority: priorityField(request.defaultPriority, 'defaultPriority') ?? 1,
    eventKeys: [...new Set(eventTriggers)].sort(),
    ...crons(request),
    ...idempotency(request),
    steps,
  };
}

function stepOf(task: CreateTaskOpts, tasks: readonly CreateTaskOpts[]): NewStep {
  const where = `task ${task.readableId}`;
  assertSupported(UNSUPPORTED_IN_TASKS, task, where);
  assertKey(task.readableId, 'the name of a task');
  assertKey(task.action.toLowerCase(), `the action of ${where}`);
  const labels = desiredLabels(task.workerLabels, where);
  assertKey(affinityText(labels), `the JSON of the desired labels of ${where}`);
  return {
    name: task.readableId,
    action: task.action.toLowerCase(),
    kind: 'task',
    parents: task.parents.map((parent) => {
      const position = tasks.findIndex(({ readableId }) => readableId === parent);
      if (position < 0)
        throw new Refusal('invalid', `${where} has the parent ${parent}, which is not a task of its workflow`);
      return position;
    }),
    timeout: duration(task.timeout || TIMEOUT, `timeout of ${where}`),
    scheduleTimeout: duration(task.scheduleTimeout || SCHEDULE_TIMEOUT, `schedule timeout of ${where}`),
    retries: task.retries,
    ...backoff(task),
    ...(task.isDurable ? { durable: true } : {}),
    ...batch(task, where),
    slots:
      Object.keys(task.slotRequests).length > 0 ? task.slotRequests : { [task.isDurable ? 'durable' : 'default']: 1 },
    ...(labels ? { labels } : {}),
  };
}

function backoff({ backoffFactor, backoffMaxSeconds }: CreateTaskOpts): Pick<Step, 'backoff'> {
  if (!backoffFactor) return {};
  return { backoff: { factor: backoffFactor, maxSeconds: backoffMaxSeconds || LONGEST_BACKOFF_S } };
}

function batch({ batch, isDurable }: CreateTaskOpts, where: string): Pick<Step, 'batch'> {
  if (!batch) return {};
  const { batchMaxSize: maxSize, batchMaxIntervalMs, batchGroupKey } = batch;
  if (isDurable) throw new Refusal('invalid', `${where} cannot be both a durable task and a batch task`);
  if (maxSize < 1 || maxSize > MOST_IN_A_BATCH) {
    throw new Refusal('invalid', `the batch size of ${where} must be from 1 to ${MOST_IN_A_BATCH}, not ${maxSize}`);
  }
  const groupBy = celPath(batchGroupKey ?? '')?.names;
  return {
    batch: {
      maxSize,
      ...(batchMaxIntervalMs ? { maxIntervalMs: batchMaxIntervalMs } : {}),
      ...(groupBy ? { groupBy } : {}),
    },
  };
}

function duration(text: string, what: string): { ms: number; text: string } {
  const ms = durationMs(text);
  if (ms === undefined)
    throw new Refusal('invalid', `${what}: "${text}" is not a duration such as 30s, 1h30m or 500ms`);
  return { ms, text };
}

function crons({ cronTriggers, cronInput, name }: CreateWorkflowVersionRequest): Pick<NewDefinition, 'crons'> {
  const expressions = [...new Set(cronTriggers)];
  for (const expression of expressions) assertKey(expression, `the cron expression of workflow ${name}`);
  if (expressions.length === 0) return {};
  try {
    for (const expression of expressions) nextFireAt(expression, new Date());
  } catch (error) {
    if (error instanceof CronExpressionError) throw new Refusal('invalid', `workflow ${name}: ${error.message}`);
    throw error;
  }
  return { crons: { expressions, input: jsonField(cronInput ?? '', 'cronInput') } };
}

function idempotency({
  idempotency: requested,
  name,
}: CreateWorkflowVersionRequest): Pick<NewDefinition, 'idempotency'> {
  const path = requested && celPath(requested.expression);
  if (!path) return {};
  const { ttlMs, method } = requested;
  if (!(ttlMs > 0))
    throw new Refusal('invalid', `workflow ${name}: the time to live of its idempotency must be at least 1 ms`);
  return { idempotency: { path, ttlMs, untilEnd: method === IdempotencyMethod.STATUS } };
}

function assertDistinct(steps: readonly NewStep[]): void {
  const names = new Set<string>();
  for (const { name } of steps) {
    if (names.has(name)) throw new Refusal('invalid', `two tasks of the workflow are named ${name}`);
    names.add(name);
  }
}

function assertAcyclic(steps: readonly NewStep[]): void {
  const done = new Set<number>();
  for (let before = -1; before !== done.size; ) {
    before = done.size;
    for (const [position, { parents }] of steps.entries()) if (parents.every((p) => done.has(p))) done.add(position);
  }
  const stuck = steps.filter((_, position) => !done.has(position)).map(({ name }) => name);
  if (stuck.length > 0) throw new Refusal('invalid', `tasks have each other as parents: ${stuck.join(', ')}`);
}

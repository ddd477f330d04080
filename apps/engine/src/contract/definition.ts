import type { CreateTaskOpts, CreateWorkflowVersionRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import type { NewDefinition, Step } from '@hatchet-ts/storage/workflows';
import { MOST_IN_A_BATCH } from '../batch/batches.ts';
import { Refusal, unsupported } from '../refusal.ts';
import { parseDuration } from '../runs/duration.ts';
import { priorityField } from './fields.ts';

type NewStep = Omit<Step, 'id'>;

/** Hatchet's defaults. */
const TIMEOUT = '60s';
const SCHEDULE_TIMEOUT = '5m';
const LONGEST_BACKOFF_S = 86_400;

/** What a workflow may ask for that this engine does not do: refused by name, never accepted and ignored. */
const WORKFLOW_FEATURES: [string, (request: CreateWorkflowVersionRequest) => boolean][] = [
  ['concurrency', ({ concurrency, concurrencyArr }) => concurrency !== undefined || concurrencyArr.length > 0],
  ['cron triggers', ({ cronTriggers }) => cronTriggers.length > 0],
  ['sticky assignment', ({ sticky }) => sticky !== undefined],
  ['default filters (CEL)', ({ defaultFilters }) => defaultFilters.length > 0],
  ['idempotency', ({ idempotency }) => idempotency !== undefined],
  ['wildcard event keys', ({ eventTriggers }) => eventTriggers.some((key) => key.includes('*'))],
];

const TASK_FEATURES: [string, (task: CreateTaskOpts) => boolean][] = [
  ['a limit of concurrent batches (groupMaxRuns)', ({ batch }) => batch?.batchGroupMaxRuns !== undefined],
  ['a CEL expression as the group key of a batch', ({ batch }) => groupPath(batch?.batchGroupKey) === 'expression'],
  ['concurrency', ({ concurrency }) => concurrency.length > 0],
  ['rate limits', ({ rateLimits }) => rateLimits.length > 0],
  ['desired worker labels', ({ workerLabels }) => Object.keys(workerLabels).length > 0],
  ['task conditions (waitFor, cancelIf, skipIf)', ({ conditions }) => hasConditions(conditions)],
];

/**
 * Reads a registration into what the engine keeps.
 *
 * @throws Refusal for what it does not do, and for a workflow that makes no sense.
 */
export function workflowDefinition(request: CreateWorkflowVersionRequest): NewDefinition {
  const { tasks, onFailureTask, eventTriggers, description } = request;
  if (request.name === '') throw new Refusal('invalid', 'a workflow must have a name');
  if (tasks.length === 0) throw new Refusal('invalid', `workflow ${request.name} must have at least one task`);
  const refused = WORKFLOW_FEATURES.find(([, uses]) => uses(request));
  if (refused) throw unsupported(refused[0], `workflow ${request.name}`);
  const steps = tasks.map((task) => stepOf(task, tasks));
  if (onFailureTask) steps.push({ ...stepOf(onFailureTask, []), kind: 'on-failure' });
  assertDistinct(steps);
  assertAcyclic(steps);
  return {
    description,
    defaultPriority: priorityField(request.defaultPriority, 'defaultPriority') ?? 1,
    eventKeys: [...new Set(eventTriggers)].sort(),
    steps,
  };
}

function stepOf(task: CreateTaskOpts, tasks: readonly CreateTaskOpts[]): NewStep {
  const where = `task ${task.readableId}`;
  const refused = TASK_FEATURES.find(([, uses]) => uses(task));
  if (refused) throw unsupported(refused[0], where);
  return {
    name: task.readableId,
    action: task.action.toLowerCase(),
    kind: 'task',
    parents: task.parents.map((parent) => {
      const position = tasks.findIndex(({ readableId }) => readableId === parent);
      if (position < 0)
        throw new Refusal('invalid', `${where} has the parent ${parent}, which is no task of its workflow`);
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
    throw new Refusal(
      'invalid',
      `the batches of ${where} must have a size from 1 to ${MOST_IN_A_BATCH}, not ${maxSize}`,
    );
  }
  const groupBy = groupPath(batchGroupKey);
  return {
    batch: {
      maxSize,
      ...(batchMaxIntervalMs ? { maxIntervalMs: batchMaxIntervalMs } : {}),
      ...(Array.isArray(groupBy) ? { groupBy } : {}),
    },
  };
}

const PATH = /^input((?:\.[A-Za-z_]\w*)+)$/;

/** The names in `input.<name>.<name>`, the part of CEL that this engine reads. */
function groupPath(expression: string | undefined): string[] | 'expression' | undefined {
  if (!expression) return undefined;
  return PATH.exec(expression.trim())?.[1]?.slice(1).split('.') ?? 'expression';
}

function duration(text: string, what: string): { ms: number; text: string } {
  const ms = parseDuration(text);
  if (ms === undefined) throw new Refusal('invalid', `${what}: "${text}" is no duration such as 30s, 1h30m or 500ms`);
  return { ms, text };
}

function hasConditions(conditions: CreateTaskOpts['conditions']): boolean {
  return Object.values(conditions ?? {}).some((list) => Array.isArray(list) && list.length > 0);
}

function assertDistinct(steps: readonly NewStep[]): void {
  const names = new Set<string>();
  for (const { name } of steps) {
    if (names.has(name)) throw new Refusal('invalid', `two tasks of the workflow have the name ${name}`);
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
  if (stuck.length > 0) throw new Refusal('invalid', `tasks wait for each other: ${stuck.join(', ')}`);
}

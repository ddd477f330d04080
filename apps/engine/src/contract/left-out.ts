import type { UserEventMatchCondition } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/condition.js';
import type { TriggerWorkflowRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import type { CreateTaskOpts, CreateWorkflowVersionRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { unsupported } from '../refusal.ts';
import { celPath } from './cel-path.ts';

/** A feature of Hatchet's that this engine leaves out: refused by its name, never accepted and ignored. */
export interface LeftOut<Request> {
  feature: string;
  /** How somebody asks for it, for the documentation. */
  by: string;
  asked(request: Request): boolean;
}

export const LEFT_OUT_OF_WORKFLOWS: readonly LeftOut<CreateWorkflowVersionRequest>[] = [
  {
    feature: 'concurrency',
    by: '`concurrency` of a workflow',
    asked: ({ concurrency, concurrencyArr }) => concurrency !== undefined || concurrencyArr.length > 0,
  },
  { feature: 'sticky assignment', by: '`sticky` of a workflow', asked: ({ sticky }) => sticky !== undefined },
  {
    feature: 'default filters (CEL)',
    by: '`defaultFilters` of a workflow',
    asked: ({ defaultFilters }) => defaultFilters.length > 0,
  },
  {
    feature: 'idempotency by a CEL expression that does more than name a value, such as input.id,',
    by: '`idempotency.expression` of a workflow',
    asked: ({ idempotency }) => idempotency !== undefined && !celPath(idempotency.expression),
  },
  {
    feature: 'a wildcard other than one * at the end of an event key',
    by: '`onEvents` of a workflow',
    asked: ({ eventTriggers }) => eventTriggers.some((key) => key.slice(0, -1).includes('*')),
  },
];

export const LEFT_OUT_OF_TASKS: readonly LeftOut<CreateTaskOpts>[] = [
  {
    feature: 'a limit of concurrent batches (groupMaxRuns)',
    by: '`batch.groupMaxRuns` of a task',
    asked: ({ batch }) => batch?.batchGroupMaxRuns !== undefined,
  },
  {
    feature: 'a CEL expression as the group key of a batch',
    by: '`batch.groupKey` of a task',
    asked: ({ batch }) => Boolean(batch?.batchGroupKey) && celPath(batch?.batchGroupKey ?? '')?.in !== 'input',
  },
  { feature: 'concurrency', by: '`concurrency` of a task', asked: ({ concurrency }) => concurrency.length > 0 },
  { feature: 'rate limits', by: '`rateLimits` of a task', asked: ({ rateLimits }) => rateLimits.length > 0 },
  {
    feature: 'task conditions (waitFor, cancelIf, skipIf)',
    by: '`waitFor`, `cancelIf` and `skipIf` of a task',
    asked: ({ conditions }) => Object.values(conditions ?? {}).some((list) => Array.isArray(list) && list.length > 0),
  },
];

export const LEFT_OUT_OF_RUNS: readonly LeftOut<TriggerWorkflowRequest>[] = [
  {
    feature: 'sticky assignment (desiredWorkerId)',
    by: '`sticky` of a child run',
    asked: ({ desiredWorkerId }) => Boolean(desiredWorkerId),
  },
];

/** Expressions that are no condition at all. */
const ALWAYS = new Set(['', 'true']);

export const LEFT_OUT_OF_WAITS: readonly LeftOut<UserEventMatchCondition>[] = [
  {
    feature: 'a CEL expression as a condition of a wait',
    by: '`expression` of a `waitFor` or `waitForEvent` in a durable task',
    asked: ({ base }) => !ALWAYS.has(base?.expression.trim() ?? ''),
  },
];

/** All of them. */
export const LEFT_OUT: readonly { feature: string; by: string }[] = [
  ...LEFT_OUT_OF_WORKFLOWS,
  ...LEFT_OUT_OF_TASKS,
  ...LEFT_OUT_OF_RUNS,
  ...LEFT_OUT_OF_WAITS,
];

/** @throws Refusal for the first feature that is asked for and left out. */
export function refuseLeftOut<Request>(features: readonly LeftOut<Request>[], request: Request, where: string): void {
  const refused = features.find(({ asked }) => asked(request));
  if (refused) throw unsupported(refused.feature, where);
}

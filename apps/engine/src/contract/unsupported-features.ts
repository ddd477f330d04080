import type { UserEventMatchCondition } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/condition.js';
import type { TriggerWorkflowRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import type { CreateTaskOpts, CreateWorkflowVersionRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { unsupported } from '../refusal.ts';
import { celPath } from './cel-path.ts';

/** Feature of Hatchet that this engine lacks. A request for it is rejected by name, never accepted and ignored. */
export interface UnsupportedFeature<Request> {
  feature: string;
  /** Option that requests it, for the documentation. */
  option: string;
  isRequested(request: Request): boolean;
}

export const UNSUPPORTED_IN_WORKFLOWS: readonly UnsupportedFeature<CreateWorkflowVersionRequest>[] = [
  {
    feature: 'concurrency',
    option: '`concurrency` of a workflow',
    isRequested: ({ concurrency, concurrencyArr }) => concurrency !== undefined || concurrencyArr.length > 0,
  },
  { feature: 'sticky assignment', option: '`sticky` of a workflow', isRequested: ({ sticky }) => sticky !== undefined },
  {
    feature: 'default filters (CEL)',
    option: '`defaultFilters` of a workflow',
    isRequested: ({ defaultFilters }) => defaultFilters.length > 0,
  },
  {
    feature: 'idempotency by a CEL expression that does more than name a value, such as input.id,',
    option: '`idempotency.expression` of a workflow',
    isRequested: ({ idempotency }) => idempotency !== undefined && !celPath(idempotency.expression),
  },
  {
    feature: 'a wildcard other than one * at the end of an event key',
    option: '`onEvents` of a workflow',
    isRequested: ({ eventTriggers }) => eventTriggers.some((key) => key.slice(0, -1).includes('*')),
  },
];

export const UNSUPPORTED_IN_TASKS: readonly UnsupportedFeature<CreateTaskOpts>[] = [
  {
    feature: 'a limit of concurrent batches (groupMaxRuns)',
    option: '`batch.groupMaxRuns` of a task',
    isRequested: ({ batch }) => batch?.batchGroupMaxRuns !== undefined,
  },
  {
    feature: 'a CEL expression as the group key of a batch',
    option: '`batch.groupKey` of a task',
    isRequested: ({ batch }) => Boolean(batch?.batchGroupKey) && celPath(batch?.batchGroupKey ?? '')?.in !== 'input',
  },
  {
    feature: 'concurrency',
    option: '`concurrency` of a task',
    isRequested: ({ concurrency }) => concurrency.length > 0,
  },
  { feature: 'rate limits', option: '`rateLimits` of a task', isRequested: ({ rateLimits }) => rateLimits.length > 0 },
  {
    feature: 'task conditions (waitFor, cancelIf, skipIf)',
    option: '`waitFor`, `cancelIf` and `skipIf` of a task',
    isRequested: ({ conditions }) =>
      Object.values(conditions ?? {}).some((list) => Array.isArray(list) && list.length > 0),
  },
];

export const UNSUPPORTED_IN_RUNS: readonly UnsupportedFeature<TriggerWorkflowRequest>[] = [
  {
    feature: 'sticky assignment (desiredWorkerId)',
    option: '`sticky` of a child run',
    isRequested: ({ desiredWorkerId }) => Boolean(desiredWorkerId),
  },
];

/** Expressions that are always true. */
const ALWAYS = new Set(['', 'true']);

export const UNSUPPORTED_IN_WAITS: readonly UnsupportedFeature<UserEventMatchCondition>[] = [
  {
    feature: 'a CEL expression as a condition of a wait',
    option: '`expression` of a `waitFor` or `waitForEvent` in a durable task',
    isRequested: ({ base }) => !ALWAYS.has(base?.expression.trim() ?? ''),
  },
];

/** All unsupported features. */
export const UNSUPPORTED_FEATURES: readonly { feature: string; option: string }[] = [
  ...UNSUPPORTED_IN_WORKFLOWS,
  ...UNSUPPORTED_IN_TASKS,
  ...UNSUPPORTED_IN_RUNS,
  ...UNSUPPORTED_IN_WAITS,
];

/** @throws Refusal for the first unsupported feature that is requested. */
export function assertSupported<Request>(
  features: readonly UnsupportedFeature<Request>[],
  request: Request,
  where: string,
): void {
  const requested = features.find(({ isRequested }) => isRequested(request));
  if (requested) throw unsupported(requested.feature, where);
}

import type { EarlierAttemptView, TaskView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { present, TIME } from './json.ts';

/** Hatchet's types that tell the history of a task here. */
const EVENT_TYPE = z.enum([
  'CREATED',
  'QUEUED',
  'ASSIGNED',
  'STARTED',
  'FINISHED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
  'SCHEDULING_TIMED_OUT',
  'REASSIGNED',
  'RETRYING',
  'RETRIED_BY_USER',
]);
type EventType = z.output<typeof EVENT_TYPE>;

const TASK_EVENT = component(
  'V1TaskEvent',
  z.strictObject({
    id: z.int(),
    taskId: z.guid(),
    timestamp: TIME,
    eventType: EVENT_TYPE,
    message: z.string(),
    errorMessage: z.string().optional(),
    workerId: z.guid().optional(),
    taskDisplayName: z.string(),
    retryCount: z.int(),
    attempt: z.int(),
  }),
);
export const TASK_EVENTS = z.array(TASK_EVENT).describe('events of all attempts, oldest first');

const STEP_SHAPE = component(
  'WorkflowRunShapeItemForWorkflowRunDetails',
  z.strictObject({
    taskExternalId: z.guid(),
    stepId: z.guid(),
    childrenStepIds: z.array(z.guid()),
    taskName: z.string(),
  }),
);
export const STEP_SHAPES = z.array(STEP_SHAPE);

/** Columns of an attempt that tell its events. */
type Attempt = Pick<
  TaskView,
  'status' | 'endReason' | 'retryCount' | 'workerId' | 'queuedAt' | 'assignedAt' | 'startedAt' | 'finishedAt' | 'error'
>;

interface AttemptEvent {
  retryCount: number;
  at: Date | null;
  type: EventType;
  message: string;
  errorMessage?: string | null;
  workerId?: string | undefined;
}

/** Lists the events of tasks, oldest first: those of the earlier attempts and of the current one. */
export function taskEvents(
  tasks: readonly TaskView[],
  earlier: readonly EarlierAttemptView[],
): z.output<typeof TASK_EVENTS> {
  const attemptsOf = Map.groupBy(earlier, ({ taskId }) => taskId);
  const events = tasks.flatMap((task) => {
    const before = attemptsOf.get(task.id) ?? [];
    const created = { retryCount: 0, at: task.createdAt, type: 'CREATED' as const, message: 'the task was created' };
    const all = [
      created,
      ...[...before, task].flatMap((attempt, i) => attemptEvents(attempt, before[i - 1], attempt === task)),
    ];
    return all.map((event) => ({ task, ...event }));
  });
  const happened = events.flatMap(({ at, ...event }) => (at ? [{ at, ...event }] : []));
  return happened
    .sort((one, other) => one.at.getTime() - other.at.getTime())
    .map(({ task, at, type, ...event }, index) =>
      present({
        id: index + 1,
        taskId: task.id,
        timestamp: at.toISOString(),
        eventType: type,
        taskDisplayName: task.name,
        attempt: event.retryCount + 1,
        errorMessage: undefined,
        workerId: undefined,
        ...event,
      }),
    );
}

/** @param before attempt that this one follows */
function attemptEvents(attempt: Attempt, before: EarlierAttemptView | undefined, isLast: boolean): AttemptEvent[] {
  const { retryCount, queuedAt, assignedAt, startedAt, finishedAt } = attempt;
  const workerId = attempt.workerId ?? undefined;
  return [
    ...beginEvents(attempt, before),
    { retryCount, at: queuedAt, type: 'QUEUED', message: 'the task is waiting for a worker' },
    { retryCount, at: assignedAt, type: 'ASSIGNED', message: 'the task was assigned to a worker', workerId },
    { retryCount, at: startedAt, type: 'STARTED', message: 'the task started', workerId },
    ...endEvents(attempt, isLast).map((event) => ({ ...event, retryCount, at: finishedAt, workerId })),
  ];
}

/** Event of the decision for another attempt. After the loss of a worker, REASSIGNED is that event. */
function beginEvents({ retryCount, queuedAt }: Attempt, before: EarlierAttemptView | undefined): AttemptEvent[] {
  if (!before || before.endReason === 'worker_lost') return [];
  return before.replayed
    ? [{ retryCount, at: queuedAt, type: 'RETRIED_BY_USER', message: 'the task was replayed' }]
    : [{ retryCount, at: before.finishedAt, type: 'RETRYING', message: 'the task is tried again' }];
}

/** Events of the end of an attempt. As in Hatchet, an attempt that times out does not also fail. */
function endEvents(
  { status, endReason, error }: Attempt,
  isLast: boolean,
): Pick<AttemptEvent, 'type' | 'message' | 'errorMessage'>[] {
  const failed = { type: 'FAILED' as const, message: 'the task failed', errorMessage: error };
  const why = error ?? undefined;
  if (endReason === 'timed_out') return [{ ...failed, type: 'TIMED_OUT', message: why ?? failed.message }];
  if (endReason === 'not_scheduled')
    return [{ ...failed, type: 'SCHEDULING_TIMED_OUT', message: why ?? failed.message }];
  if (endReason === 'worker_lost' && !isLast) return [{ type: 'REASSIGNED', message: why ?? 'the worker was lost' }];
  if (status === 'FAILED') return [failed];
  if (status === 'COMPLETED') return [{ type: 'FINISHED', message: 'the task completed' }];
  return status === 'CANCELLED' ? [{ type: 'CANCELLED', message: 'the task was cancelled' }] : [];
}

/** Lists each task with the tasks that depend on it; `parents` has positions of steps. */
export function stepShapes(tasks: readonly TaskView[], parents: number[][]): z.output<typeof STEP_SHAPES> {
  return tasks.flatMap(({ id, step, stepId, name }) => {
    if (stepId === null) return [];
    const children = tasks.filter((other) => parents[other.step]?.includes(step));
    const childrenStepIds = children.flatMap((child) => child.stepId ?? []);
    return [{ taskExternalId: id, stepId, childrenStepIds, taskName: name }];
  });
}

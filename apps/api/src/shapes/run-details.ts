import type { TaskView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { present, TIME } from './json.ts';

const EVENT_TYPE = z.enum(['CREATED', 'QUEUED', 'ASSIGNED', 'STARTED', 'FINISHED', 'FAILED', 'CANCELLED']);

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
export const TASK_EVENTS = z.array(TASK_EVENT).describe('events of the current attempt of each task');

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

const ENDS: Partial<Record<TaskView['status'], [type: z.output<typeof EVENT_TYPE>, message: string]>> = {
  COMPLETED: ['FINISHED', 'the task completed'],
  FAILED: ['FAILED', 'the task failed'],
  CANCELLED: ['CANCELLED', 'the task was cancelled'],
};

/** Lists the events of the tasks by time. Of earlier attempts only the number is stored. */
export function taskEvents(tasks: readonly TaskView[]): z.output<typeof TASK_EVENTS> {
  const events = tasks.flatMap((task) => {
    const [end = 'FINISHED', message = ''] = ENDS[task.status] ?? [];
    const workerId = task.workerId ?? undefined;
    return [
      { task, at: task.createdAt, type: 'CREATED' as const, message: 'the task was created' },
      { task, at: task.queuedAt, type: 'QUEUED' as const, message: 'the task is waiting for a worker' },
      { task, at: task.assignedAt, type: 'ASSIGNED' as const, message: 'the task was assigned to a worker', workerId },
      { task, at: task.startedAt, type: 'STARTED' as const, message: 'the task started', workerId },
      { task, at: task.finishedAt, type: end, message, errorMessage: end === 'FAILED' ? task.error : null, workerId },
    ];
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
        retryCount: task.retryCount,
        attempt: task.retryCount + 1,
        errorMessage: undefined,
        workerId: undefined,
        ...event,
      }),
    );
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

import type { EarlierAttemptView, RunSummary, RunView, TaskOfRun, TaskView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { JSON_OBJECT, objectOf, parsedText, present, TIME } from './json.ts';
import { listOf, METADATA, metadata } from './list.ts';
import { STEP_SHAPES, stepShapes, TASK_EVENTS, taskEvents } from './run-details.ts';

export const STATUS = z.enum(['QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED']);

const COMMON = {
  metadata: METADATA,
  additionalMetadata: JSON_OBJECT.optional(),
  createdAt: TIME,
  displayName: z.string(),
  duration: z.int().optional().describe('milliseconds from start to end'),
  errorMessage: z.string().optional(),
  finishedAt: TIME.optional(),
  input: JSON_OBJECT,
  output: JSON_OBJECT,
  parentTaskExternalId: z.guid().optional(),
  startedAt: TIME.optional(),
  status: STATUS,
  tenantId: z.guid(),
  workflowId: z.guid(),
  workflowName: z.string(),
  workflowVersionId: z.guid(),
};

const TASK = {
  ...COMMON,
  actionId: z.string().optional(),
  attempt: z.int().optional(),
  isDurable: z.boolean().optional(),
  isEvicted: z.boolean().optional(),
  numSpawnedChildren: z.int(),
  retryCount: z.int().optional(),
  stepId: z.guid().optional(),
  taskExternalId: z.guid(),
  taskId: z.int(),
  taskInsertedAt: TIME,
  type: z.enum(['TASK', 'DAG']),
  workflowRunExternalId: z.guid(),
};

const CHILD = component('V1TaskOfDag', z.strictObject(TASK));
export const TASK_SUMMARY = component(
  'V1TaskSummary',
  z.strictObject({ ...TASK, children: z.array(CHILD).optional() }),
);
export const TASK_SUMMARY_LIST = listOf('V1TaskSummaryList', TASK_SUMMARY);

const WORKFLOW_RUN = component('V1WorkflowRun', z.strictObject(COMMON));
export const RUN_DETAILS = component(
  'V1WorkflowRunDetails',
  z.strictObject({ run: WORKFLOW_RUN, tasks: z.array(TASK_SUMMARY), taskEvents: TASK_EVENTS, shape: STEP_SHAPES }),
);
export const RUN_STATUS = component('V1TaskStatus', STATUS);

/** Option to include input and output. */
interface Payloads {
  payloads: boolean;
}

export function runDetailsShape(
  run: RunView,
  parents: number[][],
  earlier: readonly EarlierAttemptView[],
): z.output<typeof RUN_DETAILS> {
  const tasks = listedTasks(run);
  return {
    run: present({ ...commonShape(run, run, { payloads: true }), errorMessage: errorOf(run), output: outputOf(run) }),
    tasks: tasks.map((task) => taskShape({ ...task, run }, { payloads: true })),
    taskEvents: taskEvents(tasks, earlier),
    shape: stepShapes(run.tasks, parents),
  };
}

/** Summarizes a run. A run of one task has the form of that task; any other has its tasks as children. */
export function runSummaryShape(run: RunView, show: Payloads): z.output<typeof TASK_SUMMARY> {
  const only = onlyTask(run);
  if (only) return taskShape({ ...only, run }, show);
  return present({
    ...commonShape(run, run, show),
    children: listedTasks(run).map((task) => taskShape({ ...task, run }, show)),
    errorMessage: errorOf(run),
    numSpawnedChildren: run.tasks.reduce((sum, task) => sum + task.numSpawnedChildren, 0),
    output: show.payloads ? outputOf(run) : {},
    taskExternalId: run.id,
    taskId: run.tasks[0]?.number ?? 0,
    taskInsertedAt: run.createdAt.toISOString(),
    type: 'DAG' as const,
    workflowRunExternalId: run.id,
  });
}

export function taskShape({ run, ...task }: TaskOfRun, show: Payloads): z.output<typeof CHILD> {
  return present({
    ...commonShape(task, run, show),
    actionId: task.action,
    attempt: task.retryCount + 1,
    displayName: task.name,
    errorMessage: task.error,
    isDurable: task.durable,
    isEvicted: task.evicted,
    numSpawnedChildren: task.numSpawnedChildren,
    output: show.payloads ? objectOf(task.output) : {},
    retryCount: task.retryCount,
    stepId: task.stepId,
    taskExternalId: task.id,
    taskId: task.number,
    taskInsertedAt: task.createdAt.toISOString(),
    type: 'TASK' as const,
    workflowRunExternalId: run.id,
  });
}

/** Fields that runs and tasks share. */
function commonShape(unit: RunSummary | TaskView, run: RunSummary, show: Payloads) {
  const { createdAt, startedAt, finishedAt } = unit;
  return {
    metadata: metadata(unit.id, createdAt, finishedAt ?? startedAt ?? createdAt),
    additionalMetadata: objectOf(run.additionalMetadata),
    createdAt: createdAt.toISOString(),
    displayName: run.workflowName,
    duration: startedAt && finishedAt ? finishedAt.getTime() - startedAt.getTime() : null,
    finishedAt: finishedAt?.toISOString(),
    input: show.payloads ? objectOf(run.input) : {},
    parentTaskExternalId: run.parentTaskId,
    startedAt: startedAt?.toISOString(),
    status: unit.status,
    tenantId: run.tenantId,
    workflowId: run.workflowId,
    workflowName: run.workflowName,
    workflowVersionId: run.workflowVersionId,
  };
}

/** Tasks that Hatchet would have created by now: it creates a task when its parents are done. */
function listedTasks({ tasks }: RunView): TaskView[] {
  return tasks.filter(({ waiting }) => !waiting);
}

function onlyTask({ id, tasks }: RunView): TaskView | undefined {
  return tasks.length === 1 && tasks[0]?.id === id ? tasks[0] : undefined;
}

/** Output of the only task, or the outputs of all tasks by their names. */
function outputOf(run: RunView): Record<string, unknown> {
  const only = onlyTask(run);
  if (only) return objectOf(only.output);
  return Object.fromEntries(
    run.tasks.flatMap(({ name, output }) => (output === null ? [] : [[name, parsedText(output)]])),
  );
}

function errorOf({ status, tasks }: RunView): string | null | undefined {
  return status === 'FAILED' ? tasks.find((task) => task.status === 'FAILED')?.error : null;
}

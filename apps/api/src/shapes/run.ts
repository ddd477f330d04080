import type { RunSummary, RunView, TaskOfRun, TaskView } from '@hatchet-ts/storage/reads';
import { jsonOf, present } from './json.ts';
import { metadata } from './pagination.ts';

/** Whether input and output are shown. */
interface Payloads {
  payloads: boolean;
}

/** Hatchet's `V1WorkflowRun`. */
export function runShape(run: RunView) {
  return present({
    ...commonShape(run, run, { payloads: true }),
    errorMessage: errorOf(run),
    output: outputOf(run),
  });
}

/** Hatchet's `V1WorkflowRunDetails`. */
export function runDetailsShape(run: RunView) {
  const tasks = run.tasks.map((task) => taskShape({ ...task, run }, { payloads: true }));
  return { run: runShape(run), tasks, taskEvents: [], shape: [] };
}

/** Hatchet's `V1TaskSummary` of a run: a run of one task looks like that task, any other has its tasks as children. */
export function runSummaryShape(run: RunView, show: Payloads) {
  const only = onlyTask(run);
  if (only) return taskShape({ ...only, run }, show);
  const [first] = run.tasks;
  return present({
    ...commonShape(run, run, show),
    children: run.tasks.map((task) => taskShape({ ...task, run }, show)),
    errorMessage: errorOf(run),
    numSpawnedChildren: run.tasks.reduce((sum, task) => sum + task.numSpawnedChildren, 0),
    output: show.payloads ? outputOf(run) : {},
    taskExternalId: run.id,
    taskId: first?.number ?? 0,
    taskInsertedAt: run.createdAt.toISOString(),
    type: 'DAG',
    workflowRunExternalId: run.id,
  });
}

/** Hatchet's `V1TaskSummary` of a task. */
export function taskShape({ run, ...task }: TaskOfRun, show: Payloads) {
  return present({
    ...commonShape(task, run, show),
    actionId: task.action,
    attempt: task.retryCount + 1,
    displayName: task.name,
    errorMessage: task.error,
    numSpawnedChildren: task.numSpawnedChildren,
    output: show.payloads ? jsonOf(task.output) : {},
    retryCount: task.retryCount,
    stepId: task.stepId,
    taskExternalId: task.id,
    taskId: task.number,
    taskInsertedAt: task.createdAt.toISOString(),
    type: 'TASK',
    workflowRunExternalId: run.id,
  });
}

/** What a run and a task of it are shown with alike. */
function commonShape(unit: RunSummary | TaskView, run: RunSummary, show: Payloads) {
  const { createdAt, startedAt, finishedAt } = unit;
  return {
    metadata: metadata(unit.id, createdAt, finishedAt ?? startedAt ?? createdAt),
    additionalMetadata: jsonOf(run.additionalMetadata),
    createdAt: createdAt.toISOString(),
    displayName: run.workflowName,
    duration: startedAt && finishedAt ? finishedAt.getTime() - startedAt.getTime() : null,
    finishedAt: finishedAt?.toISOString(),
    input: show.payloads ? jsonOf(run.input) : {},
    parentTaskExternalId: run.parentTaskId,
    startedAt: startedAt?.toISOString(),
    status: unit.status,
    tenantId: run.tenantId,
    workflowId: run.workflowId,
    workflowName: run.workflowName,
    workflowVersionId: run.workflowVersionId,
  };
}

function onlyTask({ id, tasks }: RunView): TaskView | undefined {
  return tasks.length === 1 && tasks[0]?.id === id ? tasks[0] : undefined;
}

/** The output of the only task, or those of all tasks by their names. */
function outputOf(run: RunView): unknown {
  const only = onlyTask(run);
  if (only) return jsonOf(only.output);
  const finished = run.tasks.filter(({ output }) => output !== null);
  return Object.fromEntries(finished.map(({ name, output }) => [name, jsonOf(output)]));
}

function errorOf({ status, tasks }: RunView): string | null | undefined {
  return status === 'FAILED' ? tasks.find((task) => task.status === 'FAILED')?.error : null;
}

import type { Answer, EntryRef, OpenCondition } from '@hatchet-ts/storage/durable';
import type { RunResult, TaskResult } from '@hatchet-ts/storage/runs';
import { CANCELLED_ERROR, errorMessage } from '../runs/outcome.ts';

/** The waits, among those that these conditions belong to, in which each group has a condition that has come true. */
export function satisfiedWaits(conditions: readonly OpenCondition[]): (EntryRef & Answer)[] {
  const waits = Map.groupBy(conditions, ({ taskId, nodeId }) => `${taskId} ${nodeId}`);
  return [...waits.values()].flatMap((wait) => {
    const groups = Map.groupBy(wait, ({ orGroup }) => orGroup);
    const satisfied = [...groups.values()].every((group) => group.some(({ data }) => data !== null));
    const [{ taskId, nodeId } = { taskId: '', nodeId: 0 }] = wait;
    return satisfied ? [{ taskId, nodeId, payload: waitPayload(wait) }] : [];
  });
}

/** What a wait resolves to: the data of the conditions that have come true, by their keys. Written around JSON text. */
export function waitPayload(conditions: readonly Pick<OpenCondition, 'dataKey' | 'data'>[]): string {
  const come = conditions.filter(({ data }) => data !== null);
  const entries = [...Map.groupBy(come, ({ dataKey }) => dataKey)].map(
    ([key, matches]) => `${JSON.stringify(key)}:[${matches.map(({ data }) => data).join(',')}]`,
  );
  return `{"CREATE":{${entries.join(',')}}}`;
}

/** What a durable task gets of a child that has ended: the output of its task, of a DAG those of all by their names. */
export function childAnswer({ status, tasks }: RunResult): Answer {
  if (status !== 'COMPLETED') return { error: childError(tasks) };
  const [first, ...more] = tasks;
  if (first && more.length === 0) return { payload: first.output ?? '{}' };
  const outputs = tasks
    .filter((task) => task.status === 'COMPLETED')
    .map(({ name, output }) => `${JSON.stringify(name)}:${output ?? '{}'}`);
  return { payload: `{${outputs.join(',')}}` };
}

function childError(tasks: readonly TaskResult[]): string {
  const failed = tasks.filter(({ status, error }) => status === 'FAILED' && error);
  const errors = failed.map(({ error }) => errorMessage(error ?? ''));
  return errors.length > 0 ? errors.join('; ') : (tasks.find(({ error }) => error)?.error ?? CANCELLED_ERROR);
}

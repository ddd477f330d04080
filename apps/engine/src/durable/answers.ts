import { type RunSpanName, runSpan } from '@hatchet-ts/server-otel';
import type { Database, Queryable } from '@hatchet-ts/storage';
import {
  type Answer,
  type DurableTask,
  type EntryRef,
  fulfillConditions,
  lockDurableTasks,
  type Match,
  type OpenCondition,
  satisfyEntries,
} from '@hatchet-ts/storage/durable';
import type { RunResult, TaskResult } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { CANCELLED_ERROR } from '../messages/hatchet-texts.ts';
import { runSpanContexts } from '../runs/context.ts';
import { errorMessage } from '../runs/error-message.ts';

export interface AnswersDeps {
  db: Database;
  /** A running task has a new answer. */
  onAnswer(taskId: string): void;
  /** An evicted task has a new answer. */
  onEvictedAnswer(): void;
}

/** Stores the answers of log entries, and announces them. */
export class Answers {
  readonly #deps: AnswersDeps;

  constructor(deps: AnswersDeps) {
    this.#deps = deps;
  }

  /** Stores matches of conditions, and the answers of the waits that they complete. */
  async storeMatches(name: RunSpanName, matches: readonly Match[]): Promise<void> {
    if (matches.length === 0) return;
    const attributes = { 'batch.item_count': matches.length };
    await runSpan(name, { root: true, links: runSpanContexts(matches), attributes }, () =>
      this.#store(
        matches.map(({ taskId }) => taskId),
        async (transaction) => satisfiedWaits(await fulfillConditions(transaction, matches)),
      ),
    );
  }

  async store(answers: readonly (EntryRef & Answer)[]): Promise<void> {
    if (answers.length === 0) return;
    await this.#store(
      answers.map(({ taskId }) => taskId),
      async () => [...answers],
    );
  }

  async #store(
    taskIds: readonly string[],
    answersFor: (transaction: Queryable, tasks: readonly DurableTask[]) => Promise<(EntryRef & Answer)[]>,
  ): Promise<void> {
    const { db, onAnswer, onEvictedAnswer } = this.#deps;
    const answered = await db.transaction(async (transaction) => {
      const tasks = await lockDurableTasks(transaction, [...new Set(taskIds)]);
      const answers = await answersFor(transaction, tasks);
      const satisfied = answers.length > 0 ? await satisfyEntries(transaction, answers, now()) : [];
      const ids = new Set(satisfied.map(({ taskId }) => taskId));
      return tasks.filter(({ taskId }) => ids.has(taskId));
    });
    for (const { taskId, status } of answered) if (status === 'RUNNING') onAnswer(taskId);
    if (answered.some(({ status }) => status === 'EVICTED')) onEvictedAnswer();
  }
}

/** Answers of the waits, among those of these conditions, in which every group has a fulfilled condition. */
export function satisfiedWaits(conditions: readonly OpenCondition[]): (EntryRef & Answer)[] {
  const waits = Map.groupBy(conditions, ({ taskId, nodeId }) => `${taskId} ${nodeId}`);
  return [...waits.values()].flatMap((wait) => {
    const groups = Map.groupBy(wait, ({ orGroup }) => orGroup);
    const satisfied = [...groups.values()].every((group) => group.some(({ data }) => data !== null));
    const [{ taskId, nodeId } = { taskId: '', nodeId: 0 }] = wait;
    return satisfied ? [{ taskId, nodeId, payload: waitPayload(wait) }] : [];
  });
}

/** Payload of a wait's answer: the data of the fulfilled conditions by key. Concatenated by hand around JSON text. */
export function waitPayload(conditions: readonly Pick<OpenCondition, 'dataKey' | 'data'>[]): string {
  const fulfilled = conditions.filter(({ data }) => data !== null);
  const entries = [...Map.groupBy(fulfilled, ({ dataKey }) => dataKey)].map(
    ([key, matches]) => `${JSON.stringify(key)}:[${matches.map(({ data }) => data).join(',')}]`,
  );
  return `{"CREATE":{${entries.join(',')}}}`;
}

/** Answer for a child that has ended: the output of its task; of a DAG, the outputs of all tasks by name. */
export function childAnswer({ status, tasks }: RunResult): Answer {
  if (status !== 'COMPLETED') return { error: childError(tasks) };
  const [first, ...more] = tasks;
  if (first && more.length === 0) return { payload: first.output ?? '{}' };
  const outputs = tasks
    .filter(({ status }) => status === 'COMPLETED' || status === 'SKIPPED')
    .map(({ name, output }) => `${JSON.stringify(name)}:${output ?? '{}'}`);
  return { payload: `{${outputs.join(',')}}` };
}

function childError(tasks: readonly TaskResult[]): string {
  const failed = tasks.filter(({ status, error }) => status === 'FAILED' && error);
  const errors = failed.map(({ error }) => errorMessage(error ?? ''));
  return errors.length > 0 ? errors.join('; ') : (tasks.find(({ error }) => error)?.error ?? CANCELLED_ERROR);
}

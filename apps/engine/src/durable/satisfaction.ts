import { type RunSpanName, runSpan } from '@hatchet-ts/server-otel';
import type { Database, Queryable } from '@hatchet-ts/storage';
import {
  type Answer,
  type DurableTask,
  type EntryRef,
  fulfillConditions,
  lockDurableTasks,
  type Match,
  satisfyEntries,
} from '@hatchet-ts/storage/durable';
import { now } from '../clock.ts';
import { runSpanContexts } from '../runs/context.ts';
import { satisfiedWaits } from './answers.ts';

export interface SatisfactionDeps {
  db: Database;
  /** There is an answer for a task that is being worked on. */
  onAnswer(taskId: string): void;
  /** There is an answer for a task that no worker has. */
  onEvictedAnswer(): void;
}

/** Gives the nodes of logs their answers, and sees that whoever waits for one gets it. */
export interface Satisfaction {
  /** Conditions have come true; the waits that they complete are satisfied. */
  matched(name: RunSpanName, matches: readonly Match[]): Promise<void>;
  /** What nodes were waiting for is there. */
  answered(answers: readonly (EntryRef & Answer)[]): Promise<void>;
}

export function createSatisfaction({ db, onAnswer, onEvictedAnswer }: SatisfactionDeps): Satisfaction {
  async function satisfy(
    taskIds: readonly string[],
    answersFor: (transaction: Queryable, tasks: readonly DurableTask[]) => Promise<(EntryRef & Answer)[]>,
  ): Promise<void> {
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

  return {
    async matched(name, matches) {
      if (matches.length === 0) return;
      const attributes = { 'batch.item_count': matches.length };
      await runSpan(name, { root: true, links: runSpanContexts(matches), attributes }, () =>
        satisfy(
          matches.map(({ taskId }) => taskId),
          async (transaction) => satisfiedWaits(await fulfillConditions(transaction, matches)),
        ),
      );
    },
    async answered(answers) {
      if (answers.length === 0) return;
      await satisfy(
        answers.map(({ taskId }) => taskId),
        async () => [...answers],
      );
    },
  };
}

import { runSpan } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import {
  dueSleeps,
  durableTasks,
  evictedTasksWithAnswers,
  nextSleepAt,
  storedEntries,
} from '@hatchet-ts/storage/durable';
import type { EpochMs, TaskRow } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { Refusal } from '../refusal.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { Creation } from '../runs/creation.ts';
import type { Settle } from '../runs/settlement.ts';
import { type Alarm, createAlarm } from '../scheduling/alarm.ts';
import { singleLoop } from '../scheduling/single-loop.ts';
import type { Timing } from '../scheduling/timing.ts';
import { Awaited } from './awaited.ts';
import { type Invocation, Invocations } from './invocations.ts';
import { DurableLog } from './log.ts';
import { createMatching, type Matching, type StoredEvent } from './matching.ts';
import { createSatisfaction, type Satisfaction } from './satisfaction.ts';

const MOST_AT_ONCE = 500;

export interface DurableDeps {
  db: Database;
  creation: Creation;
  settle: Settle;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/** Durable tasks: what they ask for, what they get, and who has them in hand. */
export class Durable {
  readonly invocations: Invocations;
  readonly log: DurableLog;
  readonly #deps: DurableDeps;
  readonly #satisfaction: Satisfaction;
  readonly #matching: Matching;
  readonly #sleeps: Alarm;
  readonly #restores;

  constructor(deps: DurableDeps) {
    const { db, creation, timing, onError } = deps;
    const awaited = new Awaited();
    this.#deps = deps;
    this.invocations = new Invocations(db, onError);
    this.#restores = singleLoop(() => this.#restoreAnswered(), onError);
    this.#satisfaction = createSatisfaction({
      db,
      onAnswer: (taskId) => this.invocations.deliver(taskId),
      onEvictedAnswer: () => this.#restores.wake(),
    });
    this.#matching = createMatching({ db, awaited, satisfaction: this.#satisfaction, onError });
    this.#sleeps = createAlarm(() => this.#wakeSleepers(), timing.timerCheck, onError);
    this.log = new DurableLog({
      db,
      creation,
      awaited,
      onSleep: (until) => this.#sleeps.noted(until),
      onPerhapsEnded: (runId) => this.#matching.runEnded(runId),
    });
  }

  /** Sees to what has come while no engine ran. */
  async recover(): Promise<void> {
    await this.#matching.recover();
    this.#restores.wake();
    this.#sleeps.start();
  }

  attemptEnded({ id }: TaskRow): void {
    this.invocations.ended(id);
  }

  runEnded(runId: string): void {
    this.#matching.runEnded(runId);
  }

  eventsStored(events: readonly StoredEvent[]): void {
    this.#matching.eventsStored(events);
  }

  /** A wait was acknowledged that an earlier event may satisfy. */
  lookBack(taskId: string, nodeId: number): void {
    this.#matching.lookBack({ taskId, nodeId });
  }

  /** The value of a memo, as JSON text; one that is there already stays. */
  async remember({ task: { taskId } }: Invocation, nodeId: number, payload: string): Promise<void> {
    const [entry] = await storedEntries(this.#deps.db, { taskId, from: nodeId, to: nodeId });
    if (entry?.kind === 'MEMO') await this.#satisfaction.answered([{ taskId, nodeId, payload }]);
  }

  /** A worker lets go of an invocation that waits: it no longer occupies a slot, and its timeout stands still. */
  async evict({ task, sent, unconfirmed }: Invocation): Promise<void> {
    const { runId, taskId, invocation } = task;
    const seenAnswers = Math.max(0, sent - unconfirmed.size);
    await this.#deps.settle([{ runId, event: { kind: 'evicted', taskId, invocation, seenAnswers } }]);
    // An answer that was on its way then does not reach it any more.
    this.#restores.wake();
  }

  /** Has an evicted task run again at once; @returns whether it was evicted. */
  async restore(tenantId: string, taskId: string): Promise<boolean> {
    const [task] = await durableTasks(this.#deps.db, [taskId]);
    if (task?.tenantId !== tenantId) throw new Refusal('not-found', `durable task run not found: ${taskId}`);
    if (task.status !== 'EVICTED') return false;
    await this.#deps.settle([{ runId: task.runId, event: { kind: 'restored', taskId } }]);
    return true;
  }

  async stop(): Promise<void> {
    const loops = [this.#sleeps, this.#matching, this.#restores, this.invocations];
    await Promise.all(loops.map((loop) => loop.stop()));
  }

  async #wakeSleepers(): Promise<EpochMs | null> {
    if (!this.#deps.mayRun()) return null;
    const due = await dueSleeps(this.#deps.db, now(), MOST_AT_ONCE);
    await this.#satisfaction.matched('process-sleep', due);
    return due.length === MOST_AT_ONCE ? now() : nextSleepAt(this.#deps.db);
  }

  async #restoreAnswered(): Promise<void> {
    if (!this.#deps.mayRun()) return;
    const tasks = await evictedTasksWithAnswers(this.#deps.db, MOST_AT_ONCE);
    if (tasks.length === 0) return;
    const options = { root: true, links: runSpanContexts(tasks), attributes: { 'batch.item_count': tasks.length } };
    await runSpan('process-durable-restores', options, () =>
      this.#deps.settle(tasks.map(({ runId, taskId }) => ({ runId, event: { kind: 'restored', taskId } }))),
    );
    if (tasks.length === MOST_AT_ONCE) this.#restores.wake();
  }
}

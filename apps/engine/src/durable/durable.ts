/*
 * Durable tasks. Every request of a durable task is an entry of its log, in PostgreSQL. A new invocation of the task (after
 * an eviction, a retry or a restart) makes the same requests again, and gets the stored answers.
 *
 *   worker                                      engine
 *     │ waitFor │ memo │ triggerRuns             │
 *     ├─────────────────────────────────────────▶│ DurableLog: finds the entry at the cursor, or appends it
 *     │◀─────────────────────────────────────────┤ ack with the entry's node id
 *     │                                          │
 *     │             event, ended child ─────────▶│ Matching ─┐
 *     │             sleep is over ──────────────▶│ alarm ────┤
 *     │ completeMemo ───────────────────────────▶│ ──────────┴▶ Answers: stored in the entry
 *     │                                          │
 *     │◀─────────────────────────────────────────┤ Invocations: entryCompleted, again until confirmed
 *     │ workerStatus {waitingEntries} ──────────▶│ confirms the answers of all other entries
 *     │                                          │
 *     │ evictInvocation ────────────────────────▶│ slots are free; an answer later queues the task again
 */
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
import { Alarm } from '../loops/alarm.ts';
import type { Timing } from '../loops/timing.ts';
import { Refusal } from '../refusal.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { RunFactory } from '../runs/run-factory.ts';
import type { SettleEach } from '../runs/settle-each.ts';
import type { Settle } from '../runs/settlement.ts';
import { Answers } from './answers.ts';
import { type Invocation, Invocations } from './invocations.ts';
import { DurableLog } from './log.ts';
import { Matching, type StoredEvent } from './matching.ts';

const MOST_AT_ONCE = 500;

export interface DurableDeps {
  db: Database;
  factory: RunFactory;
  settle: Settle;
  settleEach: SettleEach;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/** Durable tasks: their logs, the answers to their requests, and the invocations that workers run. */
export class Durable {
  readonly invocations: Invocations;
  readonly log: DurableLog;
  readonly #deps: DurableDeps;
  readonly #answers: Answers;
  readonly #matching: Matching;
  readonly #sleeps: Alarm;
  readonly #restores: Alarm;

  constructor(deps: DurableDeps) {
    const { db, factory, timing, onError } = deps;
    this.#deps = deps;
    this.invocations = new Invocations(db, onError);
    this.#restores = new Alarm(() => this.#restoreAnswered(), timing.timerCheck, onError);
    this.#answers = new Answers({
      db,
      onAnswer: (taskId) => this.invocations.deliver(taskId),
      onEvictedAnswer: this.#restores.start,
    });
    this.#matching = new Matching({ db, answers: this.#answers, onError });
    this.#sleeps = new Alarm(() => this.#wakeSleepers(), timing.timerCheck, onError);
    this.log = new DurableLog({ db, factory, matching: this.#matching, onSleep: this.#sleeps.set });
  }

  /** Handles events, ends and answers that came while no engine ran. */
  async recover(): Promise<void> {
    this.invocations.recover();
    await this.#matching.recover();
    this.#restores.start();
    this.#sleeps.start();
  }

  attemptEnded({ id: taskId, invocationCount: invocation }: TaskRow): void {
    if (invocation !== null) this.invocations.ended({ taskId, invocation });
  }

  runEnded(runId: string): void {
    this.#matching.runEnded(runId);
  }

  /** Matches the result of a child run, now if it has ended, else at its end. */
  awaitChild(runId: string): void {
    this.#matching.awaitRun(runId);
    this.#matching.runEnded(runId);
  }

  /** To be called once the events are committed. */
  readonly eventsStored = (events: readonly StoredEvent[]): void => this.#matching.eventsStored(events);

  /** To be called once a wait that also accepts earlier events was acknowledged. */
  lookBack(taskId: string, nodeId: number): void {
    this.#matching.lookBack({ taskId, nodeId });
  }

  /** Stores the value of a memo, as JSON text; an earlier one stays. */
  async remember({ task: { taskId } }: Invocation, nodeId: number, payload: string): Promise<void> {
    const [entry] = await storedEntries(this.#deps.db, { taskId, from: nodeId, to: nodeId });
    if (entry?.kind === 'MEMO') await this.#answers.store([{ taskId, nodeId, payload }]);
  }

  /** Evicts a waiting invocation: it frees its slots, and its timeout stops. */
  async evict({ task, sent, unconfirmed }: Invocation): Promise<void> {
    const { runId, taskId, invocation } = task;
    const seenAnswers = Math.max(0, sent - unconfirmed.size);
    await this.#deps.settle([{ runId, event: { kind: 'evicted', taskId, invocation, seenAnswers } }]);
    // Unconfirmed answers will not reach the worker any more.
    this.#restores.start();
  }

  /** Queues an evicted task again; @returns false if it was not evicted. */
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
    await this.#answers.storeMatches('process-sleep', due);
    return due.length === MOST_AT_ONCE ? now() : nextSleepAt(this.#deps.db);
  }

  async #restoreAnswered(): Promise<EpochMs | null> {
    if (!this.#deps.mayRun()) return null;
    const tasks = await evictedTasksWithAnswers(this.#deps.db, MOST_AT_ONCE);
    if (tasks.length === 0) return null;
    const options = { root: true, links: runSpanContexts(tasks), attributes: { 'batch.item_count': tasks.length } };
    const failed = await runSpan('process-durable-restores', options, () =>
      this.#deps.settleEach(tasks.map(({ runId, taskId }) => ({ runId, event: { kind: 'restored', taskId } }))),
    );
    return tasks.length === MOST_AT_ONCE && failed.length < tasks.length ? now() : null;
  }
}

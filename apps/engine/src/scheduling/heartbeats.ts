import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type EpochMs, tasksOfWorkers } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { SingleLoop } from '../loops/single-loop.ts';
import type { Timing } from '../loops/timing.ts';
import type { WorkerPool } from '../placement/worker-pool.ts';
import { runSpanContexts } from '../runs/context.ts';
import { FAILED_RUN_PAUSE_MS, type SettleEach } from '../runs/settle-each.ts';

export interface HeartbeatMonitorDeps {
  db: Queryable;
  pool: WorkerPool;
  settleEach: SettleEach;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/** Detects workers without heartbeats, and reassigns their tasks. */
export class HeartbeatMonitor {
  readonly #deps: HeartbeatMonitorDeps;
  readonly #loop: SingleLoop;
  /** Runs that could not be settled, and the time of the next attempt. */
  readonly #failedRuns = new Map<string, EpochMs>();
  #reachableSince = 0;
  #check: NodeJS.Timeout | undefined;

  constructor(deps: HeartbeatMonitorDeps) {
    this.#deps = deps;
    this.#loop = new SingleLoop(() => this.#reassign(), deps.onError);
  }

  start(): void {
    this.forgive();
    this.#check = setInterval(this.#loop.wake, this.#deps.timing.heartbeatCheck);
  }

  /** Counts missing heartbeats from now on: the workers could not reach this engine before. */
  forgive(): void {
    this.#reachableSince = now();
  }

  async stop(): Promise<void> {
    clearInterval(this.#check);
    await this.#loop.stop();
  }

  async #reassign(): Promise<void> {
    const { db, pool, settleEach, timing, mayRun } = this.#deps;
    const aliveSince = now() - timing.heartbeat;
    if (!mayRun() || aliveSince < this.#reachableSince) return;
    const lost = pool.lost(aliveSince);
    pool.forget(aliveSince);
    if (lost.length === 0) return;
    const tasks = (await tasksOfWorkers(db, lost)).filter(({ runId }) => !this.#isPaused(runId));
    // Ended between the pool's view and the read: a poll that finds nothing makes no span.
    if (tasks.length === 0) return;
    const error = `the worker was lost: no heartbeat for ${timing.heartbeat / 1_000} s`;
    const options = { root: true, links: runSpanContexts(tasks), attributes: { 'batch.item_count': tasks.length } };
    const failed = await runSpan('process-task-reassignments', options, () =>
      settleEach(
        tasks.map(({ id, runId, retryCount }) => ({
          runId,
          event: { kind: 'worker-lost', taskId: id, retryCount, error },
        })),
      ),
    );
    for (const { runId } of failed) this.#failedRuns.set(runId, now() + FAILED_RUN_PAUSE_MS);
  }

  #isPaused(runId: string): boolean {
    const until = this.#failedRuns.get(runId);
    if (until === undefined) return false;
    if (until > now()) return true;
    this.#failedRuns.delete(runId);
    return false;
  }
}

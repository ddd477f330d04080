import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { tasksOfWorkers } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { SingleLoop } from '../loops/single-loop.ts';
import type { Timing } from '../loops/timing.ts';
import type { WorkerPool } from '../placement/worker-pool.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { Settle } from '../runs/settlement.ts';

export interface HeartbeatMonitorDeps {
  db: Queryable;
  pool: WorkerPool;
  settle: Settle;
  timing: Timing;
  mayRun(): boolean;
  onError(error: unknown): void;
}

/** Detects workers without heartbeats, and reassigns their tasks. */
export class HeartbeatMonitor {
  readonly #deps: HeartbeatMonitorDeps;
  readonly #loop: SingleLoop;
  #startedAt = 0;
  #check: NodeJS.Timeout | undefined;

  constructor(deps: HeartbeatMonitorDeps) {
    this.#deps = deps;
    this.#loop = new SingleLoop(() => this.#reassign(), deps.onError);
  }

  start(): void {
    this.#startedAt = now();
    this.#check = setInterval(this.#loop.wake, this.#deps.timing.heartbeatCheck);
  }

  async stop(): Promise<void> {
    clearInterval(this.#check);
    await this.#loop.stop();
  }

  async #reassign(): Promise<void> {
    const { db, pool, settle, timing, mayRun } = this.#deps;
    const aliveSince = now() - timing.heartbeat;
    // Nobody received heartbeats before the start.
    if (!mayRun() || aliveSince < this.#startedAt) return;
    const lost = pool.lost(aliveSince);
    pool.forget(aliveSince);
    if (lost.length === 0) return;
    const tasks = await tasksOfWorkers(db, lost);
    // Ended between the pool's view and the read: a poll that finds nothing makes no span.
    if (tasks.length === 0) return;
    const error = `the worker was lost: no heartbeat for ${timing.heartbeat / 1_000} s`;
    const options = { root: true, links: runSpanContexts(tasks), attributes: { 'batch.item_count': tasks.length } };
    await runSpan('process-task-reassignments', options, () =>
      settle(
        tasks.map(({ id, runId, retryCount }) => ({
          runId,
          event: { kind: 'worker-lost', taskId: id, retryCount, error },
        })),
      ),
    );
  }
}

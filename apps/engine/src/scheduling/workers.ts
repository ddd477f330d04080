import { randomUUIDv7 } from 'node:crypto';
import { runSpan } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { type EpochMs, setStartDeadline } from '@hatchet-ts/storage/runs';
import {
  findWorker,
  insertWorker,
  type NewWorker,
  saveHeartbeat,
  saveLabels,
  saveUnsubscribed,
  type WorkerLabels,
  type WorkerRow,
} from '@hatchet-ts/storage/workers';
import { now } from '../clock.ts';
import { Refusal } from '../refusal.ts';
import type { Timing } from './timing.ts';
import type { ActionStream, WorkerPool } from './worker-pool.ts';

export interface WorkersDeps {
  db: Queryable;
  pool: WorkerPool;
  timing: Timing;
  /** There may be room for more work. */
  onRoom(): void;
  onTimer(dueAt: EpochMs): void;
}

/** The life of workers: they register once, come and go, report that they live, are paused, and leave. */
export class Workers {
  readonly #deps: WorkersDeps;

  constructor(deps: WorkersDeps) {
    this.#deps = deps;
  }

  /** Stores a new worker; resolves to its id. */
  async register(worker: Omit<NewWorker, 'id' | 'lastHeartbeatAt'>): Promise<string> {
    const row = { ...worker, id: randomUUIDv7(), lastHeartbeatAt: now() };
    await insertWorker(this.#deps.db, row);
    this.#deps.pool.add({ ...row, paused: false, unsubscribed: false });
    return row.id;
  }

  /** A tenant's worker, which an engine may have registered long ago. @throws Refusal when there is none. */
  async find(tenantId: string, id: string): Promise<WorkerRow> {
    const known = this.#deps.pool.worker(id);
    const row = known ?? (await findWorker(this.#deps.db, id, tenantId));
    if (row?.tenantId !== tenantId) throw new Refusal('not-found', `worker not found: ${id}`);
    if (!known) this.#deps.pool.add(row);
    return row;
  }

  /**
   * Opens a worker's stream of actions. What was sent over a former one may be lost: attempts that the worker does not
   * report as started within a short time are given out again.
   *
   * @returns ends the stream.
   */
  async listen(row: WorkerRow, stream: ActionStream): Promise<() => void> {
    const { db, pool, timing } = this.#deps;
    const at = now();
    row.lastHeartbeatAt = at;
    await saveHeartbeat(db, row.id, at);
    if (row.unsubscribed) await saveUnsubscribed(db, row.id, null);
    row.unsubscribed = false;
    await setStartDeadline(db, row.id, at + timing.restart);
    this.#deps.onTimer(at + timing.restart);
    pool.connect(row.id, stream);
    this.#deps.onRoom();
    return () => pool.disconnect(row.id, stream);
  }

  async heartbeat(row: WorkerRow): Promise<void> {
    const at = now();
    const wasLost = row.lastHeartbeatAt < at - this.#deps.timing.heartbeat;
    row.lastHeartbeatAt = at;
    await runSpan('update-worker-heartbeat', { attributes: { 'worker.id': row.id } }, () =>
      saveHeartbeat(this.#deps.db, row.id, at),
    );
    if (wasLost) this.#deps.onRoom();
  }

  /** The worker takes no more work; it still reports on what it has. */
  async unsubscribe(row: WorkerRow): Promise<void> {
    row.unsubscribed = true;
    await saveUnsubscribed(this.#deps.db, row.id, now());
  }

  /** The worker says something new of itself: there may be tasks that wanted it so. */
  async label(row: WorkerRow, labels: WorkerLabels): Promise<void> {
    await saveLabels(this.#deps.db, row.id, labels);
    row.labels = { ...row.labels, ...labels };
    this.#deps.onRoom();
  }

  /** Somebody else changed a worker's row: it was paused, or may work again. */
  async changed(id: string): Promise<void> {
    const known = this.#deps.pool.worker(id);
    const row = known && (await findWorker(this.#deps.db, id));
    if (!known || !row) return;
    known.paused = row.paused;
    if (!row.paused) this.#deps.onRoom();
  }
}

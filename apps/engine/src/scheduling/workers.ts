import { randomUUIDv7 } from 'node:crypto';
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
import type { Timing } from '../loops/timing.ts';
import type { ActionStream, WorkerPool } from '../placement/worker-pool.ts';
import { Refusal } from '../refusal.ts';

export interface WorkersDeps {
  db: Queryable;
  pool: WorkerPool;
  timing: Timing;
  /** A worker may take more tasks. */
  onCapacity(): void;
  onTimer(dueAt: EpochMs): void;
}

/** Life cycle of workers: registration, streams, heartbeats, pausing, labels, unsubscription. */
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

  /** Finds a tenant's worker; an earlier engine may have registered it. @throws Refusal if there is none */
  async find(tenantId: string, id: string): Promise<WorkerRow> {
    const known = this.#deps.pool.worker(id);
    const row = known ?? (await findWorker(this.#deps.db, id, tenantId));
    if (row?.tenantId !== tenantId) throw new Refusal('not-found', `worker not found: ${id}`);
    return known ?? this.#deps.pool.add(row);
  }

  /**
   * Opens a worker's stream of actions. Messages on an earlier stream may be lost, so attempts whose start the worker does
   * not report soon are reassigned.
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
    this.#deps.onCapacity();
    return () => pool.disconnect(row.id, stream);
  }

  async heartbeat(row: WorkerRow): Promise<void> {
    const at = now();
    const wasLost = row.lastHeartbeatAt < at - this.#deps.timing.heartbeat;
    row.lastHeartbeatAt = at;
    await saveHeartbeat(this.#deps.db, row.id, at);
    if (wasLost) this.#deps.onCapacity();
  }

  /** Stops assigning tasks to the worker; it still reports on those that it has. */
  async unsubscribe(row: WorkerRow): Promise<void> {
    row.unsubscribed = true;
    await saveUnsubscribed(this.#deps.db, row.id, now());
  }

  /** Merges labels into the worker's; queued tasks may desire them. */
  async upsertLabels(row: WorkerRow, labels: WorkerLabels): Promise<void> {
    await saveLabels(this.#deps.db, row.id, labels);
    row.labels = { ...row.labels, ...labels };
    this.#deps.onCapacity();
  }

  /** Reads again whether a worker is paused, after the API changed its row. */
  async reloadPaused(id: string): Promise<void> {
    const known = this.#deps.pool.worker(id);
    const row = known && (await findWorker(this.#deps.db, id));
    if (!known || !row) return;
    known.paused = row.paused;
    if (!row.paused) this.#deps.onCapacity();
  }
}

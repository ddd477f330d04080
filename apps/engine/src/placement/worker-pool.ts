import type { AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import type { Backlog, EpochMs, RunContextColumns } from '@hatchet-ts/storage/runs';
import type { WorkerRow } from '@hatchet-ts/storage/workers';
import { suitability } from './affinity.ts';
import { type EligibleWorker, freeSlots, type Slots } from './slots.ts';

/** Attempt that a worker runs: its run, its worker, and the slots that it occupies. */
export interface Attempt extends RunContextColumns {
  taskId: string;
  retryCount: number;
  runId: string;
  tenantId: string;
  workerId: string;
  slots: Slots;
  /** Batch that it belongs to. A batch occupies slots as a whole, and one of its attempts holds them. */
  batchId?: string;
}

/** Stream of actions to a worker. */
export interface ActionStream {
  send(action: AssignedAction): void;
  /** Ends the stream: the worker has opened another one. */
  replaced(): void;
}

interface PoolWorker {
  row: WorkerRow;
  used: Record<string, number>;
  attempts: Set<string>;
  stream?: ActionStream | undefined;
}

/** Known workers, their attempts and their streams; kept in memory and rebuilt from the database by recovery. */
export class WorkerPool {
  readonly #workers = new Map<string, PoolWorker>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #batches = new Map<string, Set<Attempt>>();
  readonly #byAction = new Map<string, Set<string>>();
  /** Attempts released since a reconciliation began; unset while none is in progress. */
  #released: Set<string> | undefined;

  /** Adds a worker. @returns its row: of a known worker the one that the pool has, which may be newer. */
  add(row: WorkerRow): WorkerRow {
    const known = this.#workers.get(row.id);
    if (known) return known.row;
    this.#workers.set(row.id, { row, used: {}, attempts: new Set() });
    for (const action of row.actions) {
      const key = `${row.tenantId} ${action}`;
      this.#byAction.set(key, (this.#byAction.get(key) ?? new Set()).add(row.id));
    }
    return row;
  }

  worker(id: string): WorkerRow | undefined {
    return this.#workers.get(id)?.row;
  }

  ids(): string[] {
    return [...this.#workers.keys()];
  }

  connect(id: string, stream: ActionStream): void {
    const worker = this.#workers.get(id);
    if (!worker) return;
    worker.stream?.replaced();
    worker.stream = stream;
  }

  disconnect(id: string, stream: ActionStream): void {
    const worker = this.#workers.get(id);
    if (worker?.stream === stream) worker.stream = undefined;
  }

  stream(id: string): ActionStream | undefined {
    return this.#workers.get(id)?.stream;
  }

  occupy(attempt: Attempt): void {
    const key = keyOf(attempt);
    const worker = this.#workers.get(attempt.workerId);
    this.#remove(key);
    this.#attempts.set(key, attempt);
    if (attempt.batchId !== undefined) this.#batches.set(attempt.batchId, this.batch(attempt.batchId).add(attempt));
    if (!worker) return;
    worker.attempts.add(key);
    for (const [kind, units] of Object.entries(attempt.slots)) worker.used[kind] = (worker.used[kind] ?? 0) + units;
  }

  release(ended: { taskId: string; retryCount: number }): void {
    const key = keyOf(ended);
    this.#released?.add(key);
    this.#remove(key);
  }

  /**
   * Brings the attempts in line with the database. An attempt that ends while `read` runs is not occupied again, although
   * the rows still have it. Nothing may be assigned meanwhile.
   */
  async reconcile(read: () => Promise<Attempt[]>): Promise<void> {
    const released = new Set<string>();
    this.#released = released;
    try {
      const stored = new Map((await read()).map((attempt) => [keyOf(attempt), attempt]));
      for (const key of [...this.#attempts.keys()]) if (!stored.has(key)) this.#remove(key);
      for (const [key, attempt] of stored) if (!released.has(key)) this.#restore(key, attempt);
    } finally {
      this.#released = undefined;
    }
  }

  attempt(taskId: string, retryCount: number): Attempt | undefined {
    return this.#attempts.get(keyOf({ taskId, retryCount }));
  }

  /** Running attempts of a batch. */
  batch(batchId: string): Set<Attempt> {
    return this.#batches.get(batchId) ?? new Set();
  }

  /** Workers of the tenant that can take such tasks: connected, alive since `aliveSince`, not paused, with the labels. */
  eligible({ tenantId, action, affinity }: Backlog, aliveSince: EpochMs): EligibleWorker[] {
    const ids = this.#byAction.get(`${tenantId} ${action}`) ?? [];
    return [...ids].flatMap((id) => {
      const worker = this.#workers.get(id);
      if (!worker?.stream || worker.row.paused || worker.row.unsubscribed) return [];
      if (worker.row.lastHeartbeatAt < aliveSince) return [];
      const score = suitability(affinity, worker.row.labels);
      return score === undefined ? [] : [{ id, suitability: score }];
    });
  }

  free(id: string): Slots {
    const worker = this.#workers.get(id);
    return worker ? freeSlots(worker.row.slots, worker.used) : {};
  }

  /**
   * Workers with attempts and no heartbeat since `aliveSince`. A worker that has unsubscribed may finish: it sends no
   * heartbeats while its last tasks run.
   */
  lost(aliveSince: EpochMs): string[] {
    return [...this.#workers.values()]
      .filter(({ row, attempts }) => attempts.size > 0 && !row.unsubscribed && row.lastHeartbeatAt < aliveSince)
      .map(({ row }) => row.id);
  }

  /** Drops workers without attempts, stream and heartbeat since `aliveSince`. */
  forget(aliveSince: EpochMs): void {
    for (const [id, { row, attempts, stream }] of this.#workers) {
      if (attempts.size > 0 || stream || row.lastHeartbeatAt >= aliveSince) continue;
      this.#workers.delete(id);
      for (const action of row.actions) {
        const key = `${row.tenantId} ${action}`;
        const ids = this.#byAction.get(key);
        ids?.delete(id);
        if (ids?.size === 0) this.#byAction.delete(key);
      }
    }
  }

  #restore(key: string, stored: Attempt): void {
    const known = this.#attempts.get(key);
    const sameWorker = known?.workerId === stored.workerId && this.#workers.get(stored.workerId)?.attempts.has(key);
    if (sameWorker) return;
    // One attempt of a batch holds the slots of all.
    const held = stored.batchId !== undefined && this.batch(stored.batchId).size > 0;
    this.occupy(held ? { ...stored, slots: {} } : stored);
  }

  #remove(key: string): void {
    const attempt = this.#attempts.get(key);
    if (!attempt) return;
    this.#attempts.delete(key);
    const heir = this.#leaveBatch(attempt);
    const worker = this.#workers.get(attempt.workerId);
    if (!worker?.attempts.delete(key)) return;
    if (heir && Object.keys(heir.slots).length === 0) {
      heir.slots = attempt.slots;
      return;
    }
    for (const [kind, units] of Object.entries(attempt.slots)) worker.used[kind] = (worker.used[kind] ?? 0) - units;
  }

  /** @returns another running attempt of the same batch. */
  #leaveBatch(attempt: Attempt): Attempt | undefined {
    if (attempt.batchId === undefined) return undefined;
    const batch = this.batch(attempt.batchId);
    batch.delete(attempt);
    if (batch.size === 0) this.#batches.delete(attempt.batchId);
    const [heir] = batch;
    return heir;
  }
}

function keyOf({ taskId, retryCount }: { taskId: string; retryCount: number }): string {
  return `${taskId}/${retryCount}`;
}

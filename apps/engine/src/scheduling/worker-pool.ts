import type { AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import type { Backlog, EpochMs, RunContextColumns } from '@hatchet-ts/storage/runs';
import type { WorkerRow } from '@hatchet-ts/storage/workers';
import { suitability } from './affinity.ts';
import { freeSlots, type Slots, type Taker } from './slots.ts';

/** Something that a worker has: where it belongs, and what it occupies. */
export interface Attempt extends RunContextColumns {
  taskId: string;
  retryCount: number;
  runId: string;
  tenantId: string;
  workerId: string;
  slots: Slots;
  /** The batch that it belongs to: the slots are its, and one of its attempts has them. */
  batchId?: string;
}

/** Where actions for a worker are written to. */
export interface ActionStream {
  send(action: AssignedAction): void;
  /** Another stream has taken its place. */
  replaced(): void;
}

interface PoolWorker {
  row: WorkerRow;
  used: Record<string, number>;
  attempts: Set<string>;
  stream?: ActionStream | undefined;
}

/** The workers that are known, what each one has and how it is reached; rebuilt from the database at the start. */
export class WorkerPool {
  readonly #workers = new Map<string, PoolWorker>();
  readonly #attempts = new Map<string, Attempt>();
  readonly #batches = new Map<string, Set<Attempt>>();
  readonly #byAction = new Map<string, Set<string>>();

  add(row: WorkerRow): void {
    const known = this.#workers.get(row.id);
    if (known) known.row = row;
    else this.#workers.set(row.id, { row, used: {}, attempts: new Set() });
    for (const action of row.actions) {
      const key = `${row.tenantId} ${action}`;
      this.#byAction.set(key, (this.#byAction.get(key) ?? new Set()).add(row.id));
    }
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
    if (this.#attempts.has(key)) this.release(attempt);
    this.#attempts.set(key, attempt);
    if (attempt.batchId !== undefined) this.#batches.set(attempt.batchId, this.batch(attempt.batchId).add(attempt));
    if (!worker) return;
    worker.attempts.add(key);
    for (const [kind, units] of Object.entries(attempt.slots)) worker.used[kind] = (worker.used[kind] ?? 0) + units;
  }

  release(of: { taskId: string; retryCount: number }): void {
    const key = keyOf(of);
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

  /** Forgets who has what, before that is read anew. */
  releaseAll(): void {
    for (const attempt of [...this.#attempts.values()]) this.release(attempt);
  }

  attempt(taskId: string, retryCount: number): Attempt | undefined {
    return this.#attempts.get(keyOf({ taskId, retryCount }));
  }

  /** The attempts of a batch that are not over. */
  batch(batchId: string): Set<Attempt> {
    return this.#batches.get(batchId) ?? new Set();
  }

  /** Workers that take tasks of this kind: of the tenant, reached, alive since `aliveSince`, not paused, as wanted. */
  takers({ tenantId, action, affinity }: Backlog, aliveSince: EpochMs): Taker[] {
    const ids = this.#byAction.get(`${tenantId} ${action}`) ?? [];
    return [...ids].flatMap((id) => {
      const worker = this.#workers.get(id);
      if (!worker?.stream || worker.row.paused || worker.row.unsubscribed) return [];
      if (worker.row.lastHeartbeatAt < aliveSince) return [];
      const suits = suitability(affinity, worker.row.labels);
      return suits === undefined ? [] : [{ id, suits }];
    });
  }

  free(id: string): Slots {
    const worker = this.#workers.get(id);
    return worker ? freeSlots(worker.row.slots, worker.used) : {};
  }

  /** @returns another attempt of the same batch that is not over. */
  #leaveBatch(attempt: Attempt): Attempt | undefined {
    if (attempt.batchId === undefined) return undefined;
    const batch = this.batch(attempt.batchId);
    batch.delete(attempt);
    if (batch.size === 0) this.#batches.delete(attempt.batchId);
    const [heir] = batch;
    return heir;
  }

  /**
   * Workers that have something and were not heard of since `aliveSince`. One that has unsubscribed is let finish:
   * it no longer sends heartbeats while its last tasks end.
   */
  lost(aliveSince: EpochMs): string[] {
    return [...this.#workers.values()]
      .filter(({ row, attempts }) => attempts.size > 0 && !row.unsubscribed && row.lastHeartbeatAt < aliveSince)
      .map(({ row }) => row.id);
  }

  /** Drops workers that are gone: nothing in hand, no stream, no word since `aliveSince`. */
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
}

function keyOf({ taskId, retryCount }: { taskId: string; retryCount: number }): string {
  return `${taskId}/${retryCount}`;
}

import type { Database, Queryable } from '@hatchet-ts/storage';
import {
  type Backlog,
  type Claimant,
  childIdentity,
  claimKeys,
  type EpochMs,
  earlierChildren,
  insertRuns,
  type NewRun,
  parentTasks,
} from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import { now } from '../clock.ts';
import { Grouping } from '../loops/grouping.ts';
import { workflowsNotFound } from '../messages/hatchet-texts.ts';
import type { Slots } from '../placement/slots.ts';
import { mapItems, Refusal } from '../refusal.ts';
import { runSpanContext } from './context.ts';
import type { Collision } from './idempotency.ts';
import { newRun, type RunRequest } from './new-run.ts';
import type { Registry } from './registry.ts';

/** Scheduling requirements of a queued task. */
export interface QueuedKind {
  /** Slots that it will occupy. */
  slots: Slots;
  /** It runs in batches. */
  batched: boolean;
}

export interface RunFactoryDeps {
  db: Database;
  registry: Registry;
  /** Tasks of this kind are queued and committed. */
  onQueued(backlog: Backlog, kind: QueuedKind): void;
  onTimer(dueAt: EpochMs): void;
}

/** Creates runs in three steps: `prepare`, `store` (perhaps in the caller's transaction), and `announce` after the commit. */
export class RunFactory {
  readonly #deps: RunFactoryDeps;
  readonly #inserts: Grouping<NewRun, string>;

  constructor(deps: RunFactoryDeps) {
    this.#deps = deps;
    this.#inserts = new Grouping<NewRun, string>({
      name: 'trigger-workflow-run',
      work: (runs) => insertRuns(deps.db, runs),
      linkTo: runSpanContext,
    });
  }

  /**
   * Prepares runs, in order.
   *
   * @throws Refusal if the tenant has no such workflow or parent task.
   */
  async prepare(tenantId: string, requests: readonly RunRequest[], call: SpanContext | undefined): Promise<NewRun[]> {
    const { db, registry } = this.#deps;
    const names = requests.map(({ workflowName }) => workflowName);
    const workflows = await registry.find(tenantId, names);
    const unknown = [...new Set(names)].filter((name) => !workflows.has(name));
    if (unknown.length > 0) throw new Refusal('invalid', workflowsNotFound(unknown));
    const taskIds = [...new Set(requests.flatMap(({ parent }) => (parent ? [parent.taskId] : [])))];
    const found = taskIds.length === 0 ? [] : await parentTasks(db, tenantId, taskIds);
    const parents = new Map(found.map((parent) => [parent.taskId, parent]));
    const createdAt = now();
    return mapItems(requests, 'workflows', (request) => {
      const parent = request.parent && parents.get(request.parent.taskId);
      if (request.parent && !parent) {
        throw new Refusal('invalid', `parent task run not found: ${request.parent.taskId}`);
      }
      // Checked above: `workflows` has all names.
      const workflow = workflows.get(request.workflowName)!;
      return newRun(request, workflow, { call, ...(parent ? { parent } : {}) }, createdAt);
    });
  }

  /**
   * Stores prepared runs; resolves to their ids, in order. For a child that exists already, the id is the existing one's;
   * for a run whose idempotency key is held, the holder's, and `onCollision` is called.
   */
  async store(
    runs: readonly NewRun[],
    through?: Queryable,
    onCollision: (collision: Collision) => void = () => {},
  ): Promise<string[]> {
    const { db } = this.#deps;
    if (runs.length === 0) return [];
    if (!runs.some(claimsKey)) {
      const [run, ...more] = runs;
      return run && more.length === 0 && !through ? [await this.#inserts.run(run)] : insertRuns(through ?? db, runs);
    }
    const store = (transaction: Queryable) => storeWithKeys(transaction, runs, onCollision);
    return through ? store(through) : db.transaction(store);
  }

  /** Announces committed runs to scheduler and timers. */
  announce(runs: readonly NewRun[]): void {
    const { registry, onQueued, onTimer } = this.#deps;
    const queued = new Map<string, { backlog: Backlog; kind: QueuedKind; dueAt: EpochMs }>();
    for (const { tenantId, versionId, tasks } of runs) {
      for (const { action, affinity, step, dueAt, batchKey } of tasks) {
        if (dueAt === null) continue;
        const slots = registry.steps(versionId)[step]?.slots ?? {};
        const kind = { slots, batched: batchKey !== undefined };
        queued.set(`${tenantId} ${action} ${affinity}`, { backlog: { tenantId, action, affinity }, kind, dueAt });
      }
    }
    for (const { backlog, kind, dueAt } of queued.values()) {
      onQueued(backlog, kind);
      onTimer(dueAt);
    }
  }
}

/** Stores runs with idempotency keys. A child that exists already is not a collision: its parent only retried the spawn. */
async function storeWithKeys(
  transaction: Queryable,
  runs: readonly NewRun[],
  onCollision: (collision: Collision) => void,
): Promise<string[]> {
  const children = runs.filter(({ parent }) => parent);
  const earlier = children.length === 0 ? new Map<string, string>() : await earlierChildren(transaction, children);
  const claimants = runs.filter(claimsKey).filter((run) => !earlier.has(childIdentity(run)));
  const holders = await claimKeys(transaction, claimants, now());
  const free = runs.filter(({ id }) => !holders.has(id));
  const ids = free.length === 0 ? [] : await insertRuns(transaction, free);
  const stored = new Map(free.map(({ id }, position) => [id, ids[position]]));
  return runs.map(({ id }) => {
    const existingRunId = holders.get(id);
    if (existingRunId !== undefined) onCollision({ runId: id, existingRunId });
    return stored.get(id) ?? existingRunId ?? id;
  });
}

function claimsKey(run: NewRun): run is NewRun & Claimant {
  return run.idempotency !== undefined;
}

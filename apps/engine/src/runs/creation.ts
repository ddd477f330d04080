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
import { Refusal } from '../refusal.ts';
import type { Slots } from '../scheduling/slots.ts';
import { runSpanContext } from './context.ts';
import { createGrouping } from './grouping.ts';
import type { Collision } from './idempotency.ts';
import { newRun, type RunRequest } from './new-run.ts';
import type { Registry } from './registry.ts';

/** How a task that waits is to be given out. */
export interface QueuedKind {
  /** What it will occupy of a worker. */
  slots: Slots;
  /** Together with others. */
  batched: boolean;
}

export interface CreationDeps {
  db: Database;
  registry: Registry;
  /** Tasks of this kind wait, and are committed. */
  onQueued(backlog: Backlog, kind: QueuedKind): void;
  onTimer(dueAt: EpochMs): void;
}

/** Creates the runs that are asked for. */
export interface Creation {
  /**
   * Prepares runs, in order.
   *
   * @throws Refusal when a workflow or a parent task is not the tenant's.
   */
  prepare(tenantId: string, requests: readonly RunRequest[], call: SpanContext | undefined): Promise<NewRun[]>;
  /**
   * Stores prepared runs; resolves to their ids, in order: for a child that exists already, to that one's; for a run
   * whose idempotency key another one has, to that one's, and `onCollision` is told.
   */
  store(runs: readonly NewRun[], through?: Queryable, onCollision?: (collision: Collision) => void): Promise<string[]>;
  /** To be called once they are committed. */
  committed(runs: readonly NewRun[]): void;
}

export function createCreation({ db, registry, onQueued, onTimer }: CreationDeps): Creation {
  const insertOne = createGrouping<NewRun, string>({
    name: 'trigger-workflow-run',
    work: (runs) => insertRuns(db, runs),
    linkTo: runSpanContext,
  });
  return {
    async prepare(tenantId, requests, call) {
      const names = requests.map(({ workflowName }) => workflowName);
      const workflows = await registry.workflows(tenantId, names);
      const unknown = [...new Set(names)].filter((name) => !workflows.has(name));
      if (unknown.length > 0) throw new Refusal('invalid', `workflow names not found: ${unknown.join(', ')}`);
      const taskIds = [...new Set(requests.flatMap(({ parent }) => (parent ? [parent.taskId] : [])))];
      const found = taskIds.length === 0 ? [] : await parentTasks(db, tenantId, taskIds);
      const parents = new Map(found.map((parent) => [parent.taskId, parent]));
      const createdAt = now();
      return requests.map((request) => {
        const parent = request.parent && parents.get(request.parent.taskId);
        if (request.parent && !parent) {
          throw new Refusal('invalid', `parent task run not found: ${request.parent.taskId}`);
        }
        // `workflows` has them all: checked above.
        const workflow = workflows.get(request.workflowName)!;
        return newRun(request, workflow, { call, ...(parent ? { parent } : {}) }, createdAt);
      });
    },
    async store(runs, through, onCollision = () => {}) {
      if (runs.length === 0) return [];
      if (!runs.some(claims)) {
        const [run, ...more] = runs;
        return run && more.length === 0 && !through ? [await insertOne(run)] : insertRuns(through ?? db, runs);
      }
      const store = (transaction: Queryable) => storeWithKeys(transaction, runs, onCollision);
      return through ? store(through) : db.transaction(store);
    },
    committed(runs) {
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
    },
  };
}

/** A child that exists already is no collision: its parent is only tried again. */
async function storeWithKeys(
  transaction: Queryable,
  runs: readonly NewRun[],
  onCollision: (collision: Collision) => void,
): Promise<string[]> {
  const children = runs.filter(({ parent }) => parent);
  const earlier = children.length === 0 ? new Map<string, string>() : await earlierChildren(transaction, children);
  const claimants = runs.filter(claims).filter((run) => !earlier.has(childIdentity(run)));
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

function claims(run: NewRun): run is NewRun & Claimant {
  return run.idempotency !== undefined;
}

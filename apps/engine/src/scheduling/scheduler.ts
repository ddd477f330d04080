import { runSpan, setRunAttributes } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import {
  type Assignment,
  assignTasks,
  type Backlog,
  type EpochMs,
  listBacklogs,
  pickQueued,
  type QueuedTask,
} from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { runSpanContexts } from '../runs/context.ts';
import type { Registry } from '../runs/registry.ts';
import type { Exclusive } from './exclusive.ts';
import { singleLoop } from './single-loop.ts';
import { matchSlots, roomFor, type Slots, type Taker } from './slots.ts';
import type { Timing } from './timing.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Tasks of a kind that waits. */
interface Kind extends Backlog {
  /** What each one occupies; unknown until one was seen. */
  slots: Slots | undefined;
}

/** Most tasks that one pass takes of one kind. */
const MOST_OF_A_KIND = 500;

export interface SchedulerDeps {
  db: Queryable;
  registry: Registry;
  pool: WorkerPool;
  timing: Timing;
  /** What is free is counted and given out in one piece. */
  exclusive: Exclusive;
  /** Whether this engine may schedule now: it may not while it has lost the lock. */
  mayRun(): boolean;
  /** Committed assignments, to be sent. */
  onAssigned(assignments: Assignment[]): void;
  onTimer(dueAt: EpochMs): void;
  onError(error: unknown): void;
}

/** Gives waiting tasks to workers that have room, in passes that each assign as many as they can in one statement. */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #backlogs = new Map<string, Kind>();
  readonly #loop;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#loop = singleLoop(() => deps.exclusive(() => this.#pass()), deps.onError);
  }

  /** Finds out what waits: at the start, and whenever another engine may have been at work. */
  async recover(): Promise<void> {
    for (const backlog of await listBacklogs(this.#deps.db)) this.#note(backlog);
    this.wake();
  }

  /** A task of this kind waits, and is committed. */
  queued(backlog: Backlog, slots: Slots): void {
    this.#note(backlog, slots);
    this.wake();
  }

  /** A worker has come, or has room again. */
  wake(): void {
    if (this.#backlogs.size > 0) this.#loop.wake();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #note({ tenantId, action, affinity }: Backlog, slots?: Slots): void {
    this.#backlogs.set(keyOf({ tenantId, action, affinity }), { tenantId, action, affinity, slots });
  }

  async #pass(): Promise<void> {
    const { db, registry, mayRun } = this.#deps;
    if (!mayRun()) return;
    const wanted = this.#wanted();
    if (wanted.length === 0) return;
    // Forgotten before the rows are read: what is queued after that is noted again.
    for (const kind of wanted) this.#backlogs.delete(keyOf(kind));
    try {
      const tasks = await pickQueued(db, wanted);
      await registry.load(tasks.map(({ versionId }) => versionId));
      const assigned = await this.#assign(tasks, wanted);
      const picked = Map.groupBy(tasks, keyOf);
      for (const kind of wanted) {
        const [first, ...more] = picked.get(keyOf(kind)) ?? [];
        // All that were asked for: there may be more. Not all assigned: these still wait.
        const left = more.length + 1 === kind.limit || assigned < tasks.length;
        if (first && left) this.#note(kind, this.#slots(first));
      }
      if (assigned > 0) this.wake();
    } catch (error) {
      for (const kind of wanted) this.#note(kind, kind.slots);
      throw error;
    }
  }

  /** Which kinds of task could be given out now, and how many of each at most. */
  #wanted(): (Kind & { limit: number; takers: Taker[] })[] {
    const { pool, timing } = this.#deps;
    const aliveSince = now() - timing.heartbeat;
    return [...this.#backlogs.values()]
      .map((kind) => {
        const takers = pool.takers(kind, aliveSince);
        const room = takers.reduce((sum, { id }) => sum + slotsLeft(kind.slots, pool.free(id)), 0);
        return { ...kind, takers, limit: Math.min(room, MOST_OF_A_KIND) };
      })
      .filter(({ limit }) => limit > 0);
  }

  async #assign(tasks: QueuedTask[], wanted: readonly (Backlog & { takers: Taker[] })[]): Promise<number> {
    const { pool } = this.#deps;
    const takers = new Map(wanted.map((kind) => [keyOf(kind), kind.takers]));
    const free = new Map(wanted.flatMap((kind) => kind.takers).map(({ id }) => [id, pool.free(id)]));
    const candidates = tasks.map((task) => ({
      id: task.id,
      takers: takers.get(keyOf(task)) ?? [],
      slots: this.#slots(task),
    }));
    const matches = matchSlots(candidates, free);
    const chosen = tasks.flatMap((task) => {
      const workerId = matches.get(task.id);
      return workerId === undefined ? [] : [{ task, workerId }];
    });
    return chosen.length === 0 ? 0 : this.#commit(chosen);
  }

  async #commit(chosen: { task: QueuedTask; workerId: string }[]): Promise<number> {
    const { db, timing, onTimer, onAssigned } = this.#deps;
    const links = runSpanContexts(chosen.map(({ task }) => task));
    const attributes = { 'queue.item_count': chosen.length };
    const at = now();
    const assignments = await runSpan('queue', { root: true, links, attributes }, () =>
      runSpan('try-assign', {}, async (span) => {
        const wanted = chosen.map(({ task, workerId }) => ({ taskId: task.id, runId: task.runId, workerId }));
        const assigned = await assignTasks(db, wanted, at, at + timing.start);
        const counts = { 'batch.assigned': assigned.length, 'batch.unassigned': chosen.length - assigned.length };
        setRunAttributes(span, counts);
        return assigned;
      }),
    );
    const slots = new Map(chosen.map(({ task }) => [task.id, this.#slots(task)]));
    for (const assignment of assignments) this.#occupy(assignment, slots.get(assignment.task.id) ?? {});
    // Outside of the pass's span: what follows belongs to each run's own trace.
    onTimer(at + timing.start);
    onAssigned(assignments);
    return assignments.length;
  }

  #occupy({ task, run }: Assignment, slots: Slots): void {
    const { id: taskId, retryCount, runId, tenantId, workerId } = task;
    const { traceparent, tracestate, rootSpanId } = run;
    const context = { traceparent, tracestate, rootSpanId };
    this.#deps.pool.occupy({ taskId, retryCount, runId, tenantId, workerId, slots, ...context });
  }

  #slots({ versionId, step }: QueuedTask): Slots {
    return this.#deps.registry.steps(versionId)[step]?.slots ?? { default: 1 };
  }
}

function keyOf({ tenantId, action, affinity }: Backlog): string {
  return `${tenantId} ${action} ${affinity}`;
}

/** How many tasks there is room for; where it is not known what each takes, as many as there are slots of any kind. */
function slotsLeft(slots: Slots | undefined, free: Slots): number {
  const rooms = slots ? [roomFor(slots, free)] : Object.values(free);
  return rooms.reduce((sum, room) => sum + Math.max(0, room), 0);
}

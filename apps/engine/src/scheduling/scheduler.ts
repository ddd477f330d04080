import { type Backlog, listBacklogs, pickQueued, type QueuedTask } from '@hatchet-ts/storage/runs';
import { now } from '../clock.ts';
import { SingleLoop } from '../loops/single-loop.ts';
import { type EligibleWorker, matchSlots, roomFor, type Slots } from '../placement/slots.ts';
import { assign, type SchedulingDeps, slotsOf } from './assign.ts';

/** Kind of queued tasks: one action and one set of desired labels of a tenant. */
interface Kind extends Backlog {
  /** Slots of one task; unknown until one was seen. */
  slots: Slots | undefined;
}

/** Kind that can be assigned now. */
interface AssignableKind extends Kind {
  /** Most tasks to pick. */
  limit: number;
  eligible: EligibleWorker[];
}

/** Most tasks of one kind that a pass picks. */
const MOST_OF_A_KIND = 500;

/** Assigns queued tasks to workers that have room, in passes that each assign as many as possible in one statement. */
export class Scheduler {
  readonly #deps: SchedulingDeps;
  readonly #kinds = new Map<string, Kind>();
  readonly #loop: SingleLoop;

  constructor(deps: SchedulingDeps) {
    this.#deps = deps;
    this.#loop = new SingleLoop(() => deps.exclusive.run(() => this.#pass()), deps.onError);
  }

  /** Reads the kinds of queued tasks from the database. */
  async recover(): Promise<void> {
    for (const backlog of await listBacklogs(this.#deps.db)) this.#note(backlog);
    this.wake();
  }

  /** To be called once a task of this kind is queued and committed. */
  queued(backlog: Backlog, slots: Slots): void {
    this.#note(backlog, slots);
    this.wake();
  }

  /** To be called if a worker connected or has room again. */
  wake(): void {
    if (this.#kinds.size > 0) this.#loop.wake();
  }

  stop(): Promise<void> {
    return this.#loop.stop();
  }

  #note({ tenantId, action, affinity }: Backlog, slots?: Slots): void {
    this.#kinds.set(keyOf({ tenantId, action, affinity }), { tenantId, action, affinity, slots });
  }

  async #pass(): Promise<void> {
    const { db, registry, mayRun } = this.#deps;
    if (!mayRun()) return;
    const kinds = this.#assignable();
    if (kinds.length === 0) return;
    // Forgotten before the rows are read: tasks queued later note their kind again.
    for (const kind of kinds) this.#kinds.delete(keyOf(kind));
    try {
      const tasks = await pickQueued(db, kinds);
      await registry.load(tasks.map(({ versionId }) => versionId));
      const assigned = await this.#assign(tasks, kinds);
      const picked = Map.groupBy(tasks, keyOf);
      for (const kind of kinds) {
        const [first, ...more] = picked.get(keyOf(kind)) ?? [];
        // At the limit there may be more; if not all were assigned, the rest is still queued.
        const left = more.length + 1 === kind.limit || assigned < tasks.length;
        if (first && left) this.#note(kind, slotsOf(registry, first));
      }
      if (assigned > 0) this.wake();
    } catch (error) {
      for (const kind of kinds) this.#note(kind, kind.slots);
      throw error;
    }
  }

  #assignable(): AssignableKind[] {
    const { pool, timing } = this.#deps;
    const aliveSince = now() - timing.heartbeat;
    return [...this.#kinds.values()]
      .map((kind) => {
        const eligible = pool.eligible(kind, aliveSince);
        const room = eligible.reduce((sum, { id }) => sum + roomOf(kind.slots, pool.free(id)), 0);
        return { ...kind, eligible, limit: Math.min(room, MOST_OF_A_KIND) };
      })
      .filter(({ limit }) => limit > 0);
  }

  async #assign(tasks: readonly QueuedTask[], kinds: readonly AssignableKind[]): Promise<number> {
    const { registry, pool, dispatch } = this.#deps;
    const eligibleOf = new Map(kinds.map((kind) => [keyOf(kind), kind.eligible]));
    const free = new Map(kinds.flatMap(({ eligible }) => eligible).map(({ id }) => [id, pool.free(id)]));
    const candidates = tasks.map((task) => ({
      id: task.id,
      eligible: eligibleOf.get(keyOf(task)) ?? [],
      slots: slotsOf(registry, task),
    }));
    const matches = matchSlots(candidates, free);
    const choices = tasks.flatMap((task) => {
      const workerId = matches.get(task.id);
      return workerId === undefined ? [] : [{ task, workerId }];
    });
    if (choices.length === 0) return 0;
    const assignments = await assign(this.#deps, choices);
    // Outside the pass's span: each message belongs to its run's own trace.
    dispatch.sendAssignments(assignments);
    return assignments.length;
  }
}

function keyOf({ tenantId, action, affinity }: Backlog): string {
  return `${tenantId} ${action} ${affinity}`;
}

/** Number of tasks that fit; if their slots are unknown, the number of free slots of any kind. */
function roomOf(slots: Slots | undefined, free: Slots): number {
  const rooms = slots ? [roomFor(slots, free)] : Object.values(free);
  return rooms.reduce((sum, room) => sum + Math.max(0, room), 0);
}

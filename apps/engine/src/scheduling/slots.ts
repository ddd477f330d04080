/** Numbers of slots by their kind, e.g. `{default: 1}`. */
export type Slots = Readonly<Record<string, number>>;

/** A task that waits, and what it would occupy. */
export interface Candidate {
  id: string;
  /** The workers that know its action. */
  workerIds: readonly string[];
  slots: Slots;
}

/**
 * Gives tasks, in their order, to workers that have room, each to the one with the most; a task that finds no room is
 * left out and does not hold up the others. Pure: `free` is not changed.
 *
 * @param free what each worker could still take.
 * @returns which worker takes which task.
 */
export function matchSlots(tasks: readonly Candidate[], free: ReadonlyMap<string, Slots>): Map<string, string> {
  const left = new Map([...free].map(([id, slots]) => [id, { ...slots }]));
  const matches = new Map<string, string>();
  for (const { id, workerIds, slots } of tasks) {
    let best: { workerId: string; room: number } | undefined;
    for (const workerId of workerIds) {
      const room = roomFor(slots, left.get(workerId) ?? {});
      if (room >= 1 && room > (best?.room ?? 0)) best = { workerId, room };
    }
    if (!best) continue;
    matches.set(id, best.workerId);
    const taken = left.get(best.workerId);
    for (const [kind, units] of Object.entries(slots)) if (taken) taken[kind] = (taken[kind] ?? 0) - units;
  }
  return matches;
}

/** What is left of `total` when `used` is taken. */
export function freeSlots(total: Slots, used: Slots): Slots {
  return Object.fromEntries(Object.entries(total).map(([kind, units]) => [kind, units - (used[kind] ?? 0)]));
}

/** How many tasks that occupy `slots` there is room for. */
export function roomFor(slots: Slots, free: Slots): number {
  const rooms = Object.entries(slots)
    .filter(([, units]) => units > 0)
    .map(([kind, units]) => Math.floor((free[kind] ?? 0) / units));
  return rooms.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...rooms);
}

/** Numbers of slots by kind, e.g. `{default: 1}`. */
export type Slots = Readonly<Record<string, number>>;

/** Worker that may run a task, and its score; equal for all if the task desires no labels. */
export interface EligibleWorker {
  id: string;
  suitability: number;
}

/** Queued task, and the slots that it would occupy. */
export interface Candidate {
  id: string;
  eligible: readonly EligibleWorker[];
  slots: Slots;
}

/**
 * Matches tasks, in their order, with workers that have room: each with the most suitable worker, and among equals with
 * the one that has the most room. A task that finds no room is skipped and does not block the ones after it. Pure: `free`
 * is not changed.
 *
 * @param free free slots of each worker.
 * @returns worker id by task id.
 */
export function matchSlots(tasks: readonly Candidate[], free: ReadonlyMap<string, Slots>): Map<string, string> {
  const left = new Map([...free].map(([id, slots]) => [id, { ...slots }]));
  const matches = new Map<string, string>();
  for (const { id, eligible, slots } of tasks) {
    let best: (EligibleWorker & { room: number }) | undefined;
    for (const worker of eligible) {
      const room = roomFor(slots, left.get(worker.id) ?? {});
      if (room >= 1 && isBetter(worker.suitability, room, best)) best = { ...worker, room };
    }
    if (!best) continue;
    matches.set(id, best.id);
    const taken = left.get(best.id);
    for (const [kind, units] of Object.entries(slots)) if (taken) taken[kind] = (taken[kind] ?? 0) - units;
  }
  return matches;
}

function isBetter(suitability: number, room: number, best: { suitability: number; room: number } | undefined): boolean {
  if (!best) return true;
  return suitability === best.suitability ? room > best.room : suitability > best.suitability;
}

/** Subtracts `used` from `total`; negative if a worker has more than its slots. */
export function freeSlots(total: Slots, used: Slots): Slots {
  return Object.fromEntries(Object.entries(total).map(([kind, units]) => [kind, units - (used[kind] ?? 0)]));
}

/** Number of tasks occupying `slots` that fit into `free`. */
export function roomFor(slots: Slots, free: Slots): number {
  const rooms = Object.entries(slots)
    .filter(([, units]) => units > 0)
    .map(([kind, units]) => Math.floor((free[kind] ?? 0) / units));
  return rooms.length === 0 ? Number.MAX_SAFE_INTEGER : Math.min(...rooms);
}

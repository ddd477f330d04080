/** Numbers of slots by their kind, e.g. `{default: 1}`. */
export type Slots = Readonly<Record<string, number>>;

/** A worker, and how well it suits a task; equal for all where the task wants nothing of it. */
export interface Taker {
  id: string;
  suits: number;
}

/** A task that waits, and what it would occupy. */
export interface Candidate {
  id: string;
  /** The workers that may take it. */
  takers: readonly Taker[];
  slots: Slots;
}

/**
 * Gives tasks, in their order, to workers that have room, each to the worker that suits it best, and of
 * these to the one with the most; a task that finds no room is
 * left out and does not hold up the others. Pure: `free` is not changed.
 *
 * @param free what each worker could still take.
 * @returns which worker takes which task.
 */
export function matchSlots(tasks: readonly Candidate[], free: ReadonlyMap<string, Slots>): Map<string, string> {
  const left = new Map([...free].map(([id, slots]) => [id, { ...slots }]));
  const matches = new Map<string, string>();
  for (const { id, takers, slots } of tasks) {
    let best: (Taker & { room: number }) | undefined;
    for (const taker of takers) {
      const room = roomFor(slots, left.get(taker.id) ?? {});
      if (room >= 1 && isBetter(taker.suits, room, best)) best = { ...taker, room };
    }
    if (!best) continue;
    matches.set(id, best.id);
    const taken = left.get(best.id);
    for (const [kind, units] of Object.entries(slots)) if (taken) taken[kind] = (taken[kind] ?? 0) - units;
  }
  return matches;
}

function isBetter(suits: number, room: number, best: { suits: number; room: number } | undefined): boolean {
  if (!best) return true;
  return suits === best.suits ? room > best.room : suits > best.suits;
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

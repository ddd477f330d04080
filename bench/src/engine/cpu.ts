import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts CPU time in hundredths of a second, for whoever asks from outside. */
const TICKS_PER_SECOND = 100;

/** Seconds of CPU that a process and all below it have used, those that have ended among them. */
export function cpuSeconds(pid: number): number {
  const parents = new Map<number, number>();
  const used = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = statOf(Number(entry));
    if (!fields) continue;
    parents.set(Number(entry), Number(fields[1]));
    // utime, stime, and those of children that have ended
    used.set(
      Number(entry),
      fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0),
    );
  }
  const below = (root: number): number =>
    (used.get(root) ?? 0) +
    [...parents].reduce((sum, [child, parent]) => (parent === root ? sum + below(child) : sum), 0);
  return below(pid) / TICKS_PER_SECOND;
}

/** The fields of proc(5)'s `stat` from the third on: the second, the name, may have blanks in it. */
function statOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined; // it has just ended
  }
}

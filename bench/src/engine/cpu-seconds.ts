import { readdirSync, readFileSync } from 'node:fs';

/** Unit of the CPU times in `/proc`: Linux reports hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** Sums the CPU seconds of a process and its descendants, including those that have exited. */
export function cpuSeconds(pid: number): number {
  const parents = new Map<number, number>();
  const used = new Map<number, number>();
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = readStat(Number(entry));
    if (!fields) continue;
    parents.set(Number(entry), Number(fields[1]));
    // utime, stime, and the same of exited children
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

/** Reads the fields of proc(5)'s `stat` from the third on. The second, the name, may contain blanks. */
function readStat(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined; // the process has just exited
  }
}

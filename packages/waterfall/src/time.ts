/** A length of time in the unit that suits it: `412 µs`, `1.2 ms`, `103 ms`, `1.42 s`, `2 min 5 s`. */
export function durationText(nanoseconds: bigint): string {
  const ms = Math.max(0, Number(nanoseconds) / 1e6);
  if (ms < 0.9995) return `${Math.round(ms * 1000)} µs`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** @throws TypeError when there are no times */
export function earliest(times: readonly bigint[]): bigint {
  return extreme(times, (time, found) => time < found);
}

/** @throws TypeError when there are no times */
export function latest(times: readonly bigint[]): bigint {
  return extreme(times, (time, found) => time > found);
}

function extreme(times: readonly bigint[], better: (time: bigint, found: bigint) => boolean): bigint {
  return times.reduce((found, time) => (better(time, found) ? time : found));
}

import type { WaterfallSpan } from '../read/span.ts';

/** Period as fractions of the trace's time: 0 is its start, 1 its end. */
export interface Bar {
  from: number;
  to: number;
}

/** Converts times of one trace to fractions of its duration. */
export interface TimeScale {
  /** Nanoseconds since 1970. */
  start: bigint;
  /** Nanoseconds since 1970. */
  end: bigint;
  bar: (span: Pick<WaterfallSpan, 'startTimeUnixNano' | 'endTimeUnixNano'>) => Bar;
}

/** @param now current time if the trace still grows: the scale ends there */
export function timeScale(spans: readonly WaterfallSpan[], now?: bigint): TimeScale {
  const start = earliest(spans.map((span) => span.startTimeUnixNano));
  const ends = spans.flatMap((span) => [span.startTimeUnixNano, span.endTimeUnixNano]);
  const end = latest(now === undefined ? ends : [...ends, now]);
  const duration = Number(end - start);
  const fraction = (time: bigint): number => (duration === 0 ? 0 : Math.max(0, Number(time - start) / duration));
  return {
    start,
    end,
    bar({ startTimeUnixNano, endTimeUnixNano }) {
      const from = fraction(startTimeUnixNano);
      return { from, to: Math.max(from, fraction(endTimeUnixNano)) }; // a clock that was set back would make it negative
    },
  };
}

/** Formats a duration in a suitable unit: `412 µs`, `1.2 ms`, `103 ms`, `1.42 s`, `2 min 5 s`. */
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

/** @throws TypeError if there are no times */
export function earliest(times: readonly bigint[]): bigint {
  return extreme(times, (time, found) => time < found);
}

/** @throws TypeError if there are no times */
export function latest(times: readonly bigint[]): bigint {
  return extreme(times, (time, found) => time > found);
}

function extreme(times: readonly bigint[], better: (time: bigint, found: bigint) => boolean): bigint {
  return times.reduce((found, time) => (better(time, found) ? time : found));
}

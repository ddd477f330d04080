import type { WaterfallSpan } from './span.ts';
import { earliest, latest } from './time.ts';

/** A stretch of time as fractions of the trace's: 0 is its start, 1 its end. */
export interface Bar {
  from: number;
  to: number;
}

/** Translates times of one trace to fractions of it. */
export interface TimeScale {
  /** Nanoseconds since 1970. */
  start: bigint;
  /** Nanoseconds since 1970. */
  end: bigint;
  bar: (span: Pick<WaterfallSpan, 'startTimeUnixNano' | 'endTimeUnixNano'>) => Bar;
}

/** @param now the present of a trace that still grows: its time goes on until then */
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
      return { from, to: Math.max(from, fraction(endTimeUnixNano)) }; // a clock that was set back makes no negative bar
    },
  };
}

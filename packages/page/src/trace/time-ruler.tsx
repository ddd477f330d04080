import { type TraceLayout, ticks, type Zoom } from '@hatchet-ts/waterfall/browser';
import { useMemo } from 'preact/hooks';
import { axisTime } from '../text/format.ts';

/** Times since the trace began, above the bars. */
export function TimeRuler({ layout, zoom, most }: { layout: TraceLayout; zoom: Zoom; most: number }) {
  const marks = useTicks(layout, zoom, most);
  const step = marks.length > 1 ? marks[1]!.nanoseconds - marks[0]!.nanoseconds : (marks[0]?.nanoseconds ?? 1) || 1;
  return (
    <span class="ruler">
      {marks.map(({ at, nanoseconds }) => (
        <span key={nanoseconds} class={at > 0.94 ? 'tick at-end' : 'tick'} style={{ '--at': at }}>
          {axisTime(nanoseconds, step)}
        </span>
      ))}
    </span>
  );
}

export function useTicks(layout: TraceLayout, zoom: Zoom, most: number) {
  const duration = Number(layout.endTimeUnixNano - layout.startTimeUnixNano);
  return useMemo(() => ticks(duration, zoom, most), [duration, zoom.from, zoom.to, most]);
}

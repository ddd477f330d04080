import { barIn, type WaterfallRow, type Zoom } from '@hatchet-ts/waterfall/browser';
import { drawnBars } from './drawn-bars.ts';
import type { PathBar } from './path-bars.ts';

interface RowBarsProps {
  row: WaterfallRow;
  zoom: Zoom;
  /** Number of the service's color. */
  slot: number;
  duration: string;
  path?: readonly PathBar[];
}

/** Bars of a row. Positions are set by script, as the Content-Security-Policy rejects style attributes in markup. */
export function RowBars({ row, zoom, slot, duration, path }: RowBarsProps) {
  const bars = drawnBars(row, zoom);
  const from = Math.min(...bars.map((bar) => bar.from));
  const to = Math.max(...bars.map((bar) => bar.to));
  const side = to < 0.86 ? 'after' : from > 0.14 ? 'before' : 'inside';
  return (
    <span class={`bars s${slot}`} aria-hidden="true">
      {bars.map((bar, i) => (
        <span
          key={i}
          class={`bar ${bar.kind} ${bar.error ? 'error' : ''}`}
          style={{ '--from': bar.from, '--to': bar.to }}
        />
      ))}
      {path?.map((bar) => {
        const place = barIn(bar, zoom);
        return (
          place && (
            <span key={`${bar.from}`} class={`path ${bar.kind}`} style={{ '--from': place.from, '--to': place.to }} />
          )
        );
      })}
      {bars.length > 0 ? (
        <span class={`duration ${side}`} style={{ '--from': from, '--to': to }}>
          {duration}
        </span>
      ) : (
        row.bars[0] && <span class={`beyond ${row.bars[0].from > zoom.to ? 'later' : 'earlier'}`} />
      )}
    </span>
  );
}

// biome-ignore-all lint/a11y/useSemanticElements: a browser does not treat positioned virtual rows as a <table>
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and refers to its active row
import { type ServiceMark, type TraceLayout, ticks, toggle, type Zoom, zoomBy } from '@hatchet-ts/waterfall/browser';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TraceView } from '../route/address.ts';
import { axisTime } from '../text/format.ts';
import type { PathBar } from './path-bars.ts';
import { TreeRow } from './tree-row.tsx';
import { useRowWindow } from './use-row-window.ts';

interface TreeGridProps {
  layout: TraceLayout;
  /** Indexes of the visible rows. */
  visible: readonly number[];
  /** Index of the selected row; -1 for none. */
  selected: number;
  view: TraceView;
  marks: ReadonlyMap<string, ServiceMark>;
  /** Critical path by row, if it is shown. */
  pathBars?: ReadonlyMap<number, PathBar[]>;
  gridRef: RefObject<HTMLDivElement | null>;
  change: (part: Partial<TraceView>) => void;
}

/** Rows of a trace. Only rows in or near the viewport are in the document. */
export function TreeGrid({ layout, visible, selected, view, marks, pathBars, gridRef, change }: TreeGridProps) {
  const { rowHeight, first, last, narrow, onScroll } = useRowWindow(gridRef, visible.length);
  const at = visible.indexOf(selected);
  const most = narrow ? 3 : 6;
  const lines = useTicks(layout, view.zoom, most);
  const [focused, setFocused] = useState(false);
  useScrollIntoView(gridRef, at, rowHeight);
  useEffect(() => {
    if (document.activeElement === document.body) gridRef.current?.focus({ preventScroll: true });
  }, []);
  useWheelZoom(gridRef, view, change);

  const shown = visible.slice(first, last).map((index, i) => ({ index, position: first + i }));
  // a screen reader needs the active row in the document
  if (at >= 0 && (at < first || at >= last)) shown.push({ index: selected, position: at });
  return (
    <div
      class={`tree-grid ${focused ? 'focused' : ''} ${pathBars ? 'with-path' : ''}`}
      ref={gridRef}
      role="treegrid"
      tabIndex={0}
      aria-label="Spans"
      aria-rowcount={visible.length + 1}
      aria-activedescendant={at >= 0 ? `row-${selected}` : undefined}
      onScroll={onScroll}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
    >
      <div class="grid-head" role="row" aria-rowindex={1}>
        <span role="columnheader">Span</span>
        <span role="columnheader" aria-label="Time" class="ruler-cell">
          <TimeRuler layout={layout} zoom={view.zoom} most={most} />
        </span>
      </div>
      <div class="rows" role="presentation" style={{ height: `${visible.length * rowHeight}px` }}>
        <div class="lines" role="presentation" aria-hidden="true">
          <span class="lines-inner">
            {lines.map(({ at: place, nanoseconds }) => (
              <span key={nanoseconds} class="line" style={{ '--at': place }} />
            ))}
          </span>
        </div>
        {shown.map(({ index, position }) => (
          <TreeRow
            key={layout.rows[index]!.key}
            layout={layout}
            index={index}
            position={position}
            top={position * rowHeight}
            selected={index === selected}
            view={view}
            marks={marks}
            path={pathBars && (pathBars.get(index) ?? [])}
            onSelect={(key) => change({ selected: key })}
            onToggle={(key) => change({ folds: toggle(view.folds, key) })}
          />
        ))}
      </div>
    </div>
  );
}

/** Scrolls to the selected row if it is outside the viewport. */
function useScrollIntoView(grid: RefObject<HTMLElement | null>, at: number, rowHeight: number): void {
  const before = useRef(-1);
  useLayoutEffect(() => {
    const box = grid.current;
    if (!box || at < 0 || before.current === at) return;
    before.current = at;
    const head = box.firstElementChild!.clientHeight;
    const top = at * rowHeight;
    const room = box.clientHeight - head;
    if (top < box.scrollTop) box.scrollTop = Math.max(0, top - rowHeight);
    else if (top + 2 * rowHeight > box.scrollTop + room) box.scrollTop = top + 2 * rowHeight - room;
  }, [at, rowHeight]);
}

/** Zooms at the pointer with Ctrl and the wheel, or with a pinch. */
function useWheelZoom(
  grid: RefObject<HTMLElement | null>,
  view: TraceView,
  change: (part: Partial<TraceView>) => void,
): void {
  const latest = useRef({ view, change });
  latest.current = { view, change };
  useEffect(() => {
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const { zoom } = latest.current.view;
      const { left, width } = grid.current!.querySelector('.ruler')!.getBoundingClientRect();
      const center = zoom.from + ((event.clientX - left) / width) * (zoom.to - zoom.from);
      latest.current.change({ zoom: zoomBy(zoom, Math.exp(-event.deltaY / 200), Math.min(1, Math.max(0, center))) });
    };
    const box = grid.current;
    box?.addEventListener('wheel', onWheel, { passive: false });
    return () => box?.removeEventListener('wheel', onWheel);
  }, []);
}

/** Times since the start of the trace, above the bars. */
function TimeRuler({ layout, zoom, most }: { layout: TraceLayout; zoom: Zoom; most: number }) {
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

function useTicks(layout: TraceLayout, zoom: Zoom, most: number) {
  const duration = Number(layout.endTimeUnixNano - layout.startTimeUnixNano);
  return useMemo(() => ticks(duration, zoom, most), [duration, zoom.from, zoom.to, most]);
}

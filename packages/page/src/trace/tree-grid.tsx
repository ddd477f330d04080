// biome-ignore-all lint/a11y/useSemanticElements: a <table> of virtual rows, placed one by one, would be none to a browser
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and names its active row
import { type ServiceMark, type TraceLayout, toggle, zoomBy } from '@hatchet-ts/waterfall/browser';
import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { TraceView } from '../route/address.ts';
import type { PathBar } from './path-rows.ts';
import { TimeRuler, useTicks } from './time-ruler.tsx';
import { TreeRow } from './tree-row.tsx';
import { useRowWindow } from './use-row-window.ts';

interface TreeGridProps {
  layout: TraceLayout;
  /** Indexes of the rows in sight. */
  visible: readonly number[];
  /** Index of the selected row; -1 for none. */
  selected: number;
  view: TraceView;
  marks: ReadonlyMap<string, ServiceMark>;
  /** The critical path, where it is shown. */
  pathBars?: ReadonlyMap<number, PathBar[]>;
  gridRef: RefObject<HTMLDivElement | null>;
  change: (part: Partial<TraceView>) => void;
}

/** The rows of a trace: only those that are near what is in sight are in the document. */
export function TreeGrid({ layout, visible, selected, view, marks, pathBars, gridRef, change }: TreeGridProps) {
  const { rowHeight, first, last, narrow, onScroll } = useRowWindow(gridRef, visible.length);
  const at = visible.indexOf(selected);
  const most = narrow ? 3 : 6;
  const lines = useTicks(layout, view.zoom, most);
  const [focused, setFocused] = useState(false);
  useBringIntoSight(gridRef, at, rowHeight);
  useEffect(() => {
    if (document.activeElement === document.body) gridRef.current?.focus({ preventScroll: true });
  }, []);
  useWheelZoom(gridRef, view, change);

  const shown = visible.slice(first, last).map((index, i) => ({ index, position: first + i }));
  if (at >= 0 && (at < first || at >= last)) shown.push({ index: selected, position: at }); // whoever reads it, reads the active row
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

/** What is selected by a key, or by the address, is scrolled to when it is out of sight. */
function useBringIntoSight(grid: RefObject<HTMLElement | null>, at: number, rowHeight: number): void {
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

/** The wheel with Ctrl (or a pinch) zooms where the pointer is. */
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

import {
  foldLevel,
  isWhole,
  nextError,
  panBy,
  reveal,
  slowestMember,
  toggle,
  type WaterfallRow,
  WHOLE,
  zoomBy,
  zoomTo,
} from '@hatchet-ts/waterfall/browser';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { TraceView } from '../route/address.ts';
import { type Command, commandOf, isTyping } from './keys.ts';
import { type Move, moveSelection } from './selection.ts';
import type { ShownLayout } from './use-layout.ts';

interface CommandContext extends ShownLayout {
  view: TraceView;
  /** Indexes of the rows with errors. */
  errors: readonly number[];
  change: (part: Partial<TraceView>) => void;
  details: RefObject<HTMLElement | null>;
  grid: RefObject<HTMLElement | null>;
}

const STEP = 1.6;
const PAGE_ROWS = 20;

/** Runs the commands of keys and buttons; keys work anywhere on the page except in a field. */
export function useCommands(context: CommandContext): (command: Command) => void {
  const latest = useRef(context);
  latest.current = context;
  const run = useRef((command: Command) => COMMANDS[command](latest.current)).current;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
      const command = commandOf(event.key);
      if (!command) return;
      const inDetails = latest.current.details.current?.contains(event.target as Node) ?? false;
      // a focused control handles these keys itself: a button is pressed, the details scroll
      const ownKey = event.target instanceof HTMLElement && event.target.closest('button, a, summary, input') !== null;
      if (ownKey && (event.key === 'Enter' || event.key === ' ')) return;
      if (inDetails && SCROLLING.has(event.key)) return;
      event.preventDefault();
      run(command);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return run;
}

const SCROLLING = new Set(['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', ' ']);

const COMMANDS: Record<Command, (on: CommandContext) => void> = {
  up: move('up'),
  down: move('down'),
  first: move('first'),
  last: move('last'),
  'page-up': move('page-up'),
  'page-down': move('page-down'),
  in: move('in'),
  out: move('out'),
  toggle: ({ layout, selected, view, change }) => {
    const row = layout?.rows[selected];
    if (row) change({ folds: toggle(view.folds, row.key) });
  },
  details: ({ details }) => details.current?.focus(),
  slowest: ({ layout, selected, view, change }) => {
    const index = layout && slowestMember(layout.rows, groupAt(layout.rows, selected));
    if (!layout || index === undefined) return;
    change({ selected: layout.rows[index]!.key, folds: reveal(layout.rows, index, view.folds) });
  },
  'next-error': moveToError('on'),
  'previous-error': moveToError('back'),
  'zoom-in': (on) => on.change({ zoom: zoomBy(on.view.zoom, STEP, centerOf(on)) }),
  'zoom-out': (on) => on.change({ zoom: zoomBy(on.view.zoom, 1 / STEP, centerOf(on)) }),
  'zoom-selected': ({ layout, selected, change }) => {
    const row = layout?.rows[selected];
    const bars = row ? [...row.waits, ...row.bars] : [];
    if (bars.length === 0) return;
    change({ zoom: zoomTo({ from: Math.min(...bars.map((b) => b.from)), to: Math.max(...bars.map((b) => b.to)) }) });
  },
  'zoom-whole': ({ change }) => change({ zoom: WHOLE }),
  earlier: ({ view, change }) => change({ zoom: panBy(view.zoom, -0.25) }),
  later: ({ view, change }) => change({ zoom: panBy(view.zoom, 0.25) }),
  'fewer-levels': ({ layout, view, change }) =>
    layout && change({ folds: foldLevel(layout.rows, view.folds, 'fewer') }),
  'more-levels': ({ layout, view, change }) => layout && change({ folds: foldLevel(layout.rows, view.folds, 'more') }),
  engine: ({ view, change }) => change({ engine: !view.engine }),
  path: ({ view, change }) => change({ path: !view.path }),
  back: ({ view, change, grid }) => {
    if (view.selected !== undefined && grid.current !== document.activeElement) grid.current?.focus();
    else if (view.selected !== undefined) change({ selected: undefined });
    else if (!isWhole(view.zoom)) change({ zoom: WHOLE });
  },
};

/** The selected row if it is a group, or else the group that it is in. */
function groupAt(rows: readonly WaterfallRow[], selected: number): number {
  const row = rows[selected];
  return row && !row.group && rows[row.parent]?.group ? row.parent : selected;
}

function move(direction: Move): (on: CommandContext) => void {
  return ({ layout, visible, selected, view, change, grid }) => {
    if (!layout) return;
    const moved = moveSelection(layout.rows, { visible, selected, folds: view.folds, page: PAGE_ROWS }, direction);
    grid.current?.focus({ preventScroll: true });
    change({ selected: layout.rows[moved.selected]?.key, folds: moved.folds });
  };
}

function moveToError(direction: 'on' | 'back'): (on: CommandContext) => void {
  return ({ layout, errors, selected, view, change, grid }) => {
    const index = nextError(errors, selected, direction);
    if (!layout || index === undefined) return;
    grid.current?.focus({ preventScroll: true });
    change({ selected: layout.rows[index]!.key, folds: reveal(layout.rows, index, view.folds) });
  };
}

/** Center of the selected bar if it is visible: it stays in place when zooming. */
function centerOf({ layout, selected, view: { zoom } }: CommandContext): number | undefined {
  const bar = layout?.rows[selected]?.bars[0];
  const center = bar && (bar.from + bar.to) / 2;
  return center !== undefined && center >= zoom.from && center <= zoom.to ? center : undefined;
}

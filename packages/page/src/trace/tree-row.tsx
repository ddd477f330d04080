// biome-ignore-all lint/a11y/useSemanticElements: a <table> of virtual rows, placed one by one, would be none to a browser
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and names its active row
// biome-ignore-all lint/a11y/useKeyWithClickEvents: keys are the page's, in use-commands.ts
import {
  durationText,
  isClosed,
  type ServiceMark,
  statusText,
  type TraceLayout,
  type WaterfallRow,
} from '@hatchet-ts/waterfall/browser';
import type { TraceView } from '../route/address.ts';
import { plural } from '../text/format.ts';
import { visibleText } from '../text/visible-text.ts';
import type { PathBar } from './path-rows.ts';
import { RowBars } from './row-bars.tsx';
import { rowText } from './row-text.ts';
import { ServiceMarkSign } from './service-chip.tsx';

interface TreeRowProps {
  layout: TraceLayout;
  index: number;
  /** Among the rows in sight. */
  position: number;
  /** In pixels. */
  top: number;
  selected: boolean;
  view: TraceView;
  marks: ReadonlyMap<string, ServiceMark>;
  /** Its part of the critical path, where that is shown. */
  path?: readonly PathBar[];
  onSelect: (key: string) => void;
  onToggle: (key: string) => void;
}

/** Deeper rows are not moved in any further. */
const DEEPEST = 14;

export function TreeRow({
  layout,
  index,
  position,
  top,
  selected,
  view,
  marks,
  path,
  onSelect,
  onToggle,
}: TreeRowProps) {
  const row = layout.rows[index]!;
  const { title, operation, notes } = rowText(layout, row);
  const closed = isClosed(row, view.folds);
  const failed = isFailed(row);
  const service = row.spans[0]?.serviceName ?? row.running?.serviceName;
  const classes = [
    'row',
    selected && 'selected',
    failed && 'failed',
    path?.length === 0 && 'off-path',
    row.missing && !row.running && 'missing',
  ];
  return (
    <div
      id={`row-${index}`}
      role="row"
      class={classes.filter(Boolean).join(' ')}
      aria-level={row.depth + 1}
      aria-rowindex={position + 2}
      aria-expanded={row.below > 0 ? !closed : undefined}
      aria-selected={selected}
      style={{ top: `${top}px`, '--depth': Math.min(row.depth, DEEPEST) }}
      onClick={() => onSelect(row.key)}
    >
      <span role="gridcell" class="name">
        {row.below > 0 ? (
          <button
            type="button"
            class="fold"
            tabIndex={-1}
            aria-label={closed ? `Open ${plural(row.below, 'row')}` : 'Close'}
            onClick={(event) => {
              event.stopPropagation();
              onToggle(row.key);
            }}
          >
            {closed ? '▸' : '▾'}
          </button>
        ) : (
          <span class="fold" />
        )}
        {service !== undefined && <ServiceMarkSign mark={marks.get(service)} />}
        {failed && (
          <span class="error-sign" aria-hidden="true">
            ✕
          </span>
        )}
        <span class="title" title={operation ? `${title} · ${operation}` : title}>
          {title}
        </span>
        {notes.map((note) => (
          <span key={note} class="note">
            {note}
          </span>
        ))}
        {operation && <span class="operation">{operation}</span>}
        {closed && <span class="note count">+{row.below}</span>}
      </span>
      <span role="gridcell" class="time">
        <span class="for-readers">{inWords(layout, row)}</span>
        <RowBars
          row={row}
          zoom={view.zoom}
          slot={marks.get(service ?? '')?.slot ?? 0}
          duration={durationOf(layout, row)}
          path={path}
        />
      </span>
    </div>
  );
}

function isFailed({ spans }: WaterfallRow): boolean {
  return spans.at(-1)?.status === 'ERROR'; // of attempts, the last one decides
}

/** From the first start to the last end: what a group took. */
function durationOf({ startTimeUnixNano: start, endTimeUnixNano: end }: TraceLayout, { bars }: WaterfallRow): string {
  if (bars.length === 0) return '';
  const from = Math.min(...bars.map((bar) => bar.from));
  const to = Math.max(...bars.map((bar) => bar.to));
  return durationText(BigInt(Math.round((to - from) * Number(end - start))));
}

function inWords(layout: TraceLayout, row: WaterfallRow): string {
  const total = Number(layout.endTimeUnixNano - layout.startTimeUnixNano);
  const span = row.spans[0];
  const waited = row.waits.reduce((sum, { from, to }) => sum + to - from, 0);
  const facts = [
    span && `of ${visibleText(span.serviceName.slice(0, 100))}`,
    row.bars.length > 0 && `begins after ${durationText(BigInt(Math.round(row.bars[0]!.from * total)))}`,
    row.bars.length > 0 && `${row.running ? 'runs for' : 'takes'} ${durationOf(layout, row)}`,
    waited > 0 && `waited ${durationText(BigInt(Math.round(waited * total)))} before`,
    span && statusText(span) && visibleText(statusText(span).slice(0, 100)),
  ];
  return facts.filter(Boolean).join(', ');
}

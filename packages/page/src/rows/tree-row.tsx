// biome-ignore-all lint/a11y/useSemanticElements: a browser does not treat positioned virtual rows as a <table>
// biome-ignore-all lint/a11y/useFocusableInteractive: the grid has the focus, and refers to its active row
// biome-ignore-all lint/a11y/useKeyWithClickEvents: use-commands.ts handles the keys
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
import { ServiceMarkSign } from '../ui/service-chip.tsx';
import type { PathBar } from './path-bars.ts';
import { RowBars } from './row-bars.tsx';
import { rowText } from './row-text.ts';

interface TreeRowProps {
  layout: TraceLayout;
  index: number;
  /** Position among the visible rows. */
  position: number;
  /** Offset in pixels. */
  top: number;
  selected: boolean;
  view: TraceView;
  marks: ReadonlyMap<string, ServiceMark>;
  /** Part of the critical path on this row, if the path is shown. */
  path?: readonly PathBar[];
  onSelect: (key: string) => void;
  onToggle: (key: string) => void;
}

/** Maximum depth that is indented. */
const INDENTED_DEPTH = 14;

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
      style={{ top: `${top}px`, '--depth': Math.min(row.depth, INDENTED_DEPTH) }}
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
        <span class="for-readers">{rowInWords(layout, row)}</span>
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
  return spans.at(-1)?.status === 'ERROR'; // the last attempt decides
}

/** Duration from the first start to the last end. */
function durationOf({ startTimeUnixNano: start, endTimeUnixNano: end }: TraceLayout, { bars }: WaterfallRow): string {
  if (bars.length === 0) return '';
  const from = Math.min(...bars.map((bar) => bar.from));
  const to = Math.max(...bars.map((bar) => bar.to));
  return durationText(BigInt(Math.round((to - from) * Number(end - start))));
}

/** Text for screen readers in place of the bars. */
function rowInWords(layout: TraceLayout, row: WaterfallRow): string {
  const total = Number(layout.endTimeUnixNano - layout.startTimeUnixNano);
  const span = row.spans[0];
  const waited = row.waits.reduce((sum, { from, to }) => sum + to - from, 0);
  const facts = [
    span && `service ${visibleText(span.serviceName.slice(0, 100))}`,
    row.bars.length > 0 && `starts after ${durationText(BigInt(Math.round(row.bars[0]!.from * total)))}`,
    row.bars.length > 0 && `${row.running ? 'runs for' : 'takes'} ${durationOf(layout, row)}`,
    waited > 0 && `waited ${durationText(BigInt(Math.round(waited * total)))} in the queue`,
    span && statusText(span) && visibleText(statusText(span).slice(0, 100)),
  ];
  return facts.filter(Boolean).join(', ');
}

import {
  durationText,
  ownTime,
  type ServiceMark,
  type TraceLayout,
  type WaterfallRow,
  type WaterfallSpan,
} from '@hatchet-ts/waterfall/browser';
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect } from 'preact/hooks';
import type { SpanRow, TraceSpans } from '../net/trace-spans.ts';
import { fullTitle, rowText } from '../rows/row-text.ts';
import { plural } from '../text/format.ts';
import { visibleText } from '../text/visible-text.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { ServiceChip, ServiceMarkSign } from '../ui/service-chip.tsx';
import { Attributes } from './attributes.tsx';
import { Events } from './events.tsx';
import { Links } from './links.tsx';
import { LongText } from './long-text.tsx';

interface SpanDetailsProps {
  layout: TraceLayout;
  /** Index of the row. */
  index: number;
  trace: TraceSpans;
  marks: ReadonlyMap<string, ServiceMark>;
  detailsRef: RefObject<HTMLElement | null>;
  onSelect: (key: string) => void;
  onClose: () => void;
  /** Called if a truncated row is shown. */
  onTruncated: (row: SpanRow) => void;
}

/** Details of the selected row. */
export function SpanDetails({
  layout,
  index,
  trace,
  marks,
  detailsRef,
  onSelect,
  onClose,
  onTruncated,
}: SpanDetailsProps) {
  const row = layout.rows[index]!;
  const { operation, notes } = rowText(layout, row);
  const span = row.group ? undefined : row.spans[0];
  const close = (): void => {
    onClose(); // moves the focus to the rows
    onClose(); // closes the details
  };
  return (
    <aside class="details" ref={detailsRef} tabIndex={-1} aria-label="Details">
      <div class="details-head">
        <h2>{fullTitle(layout, row)}</h2>
        <button type="button" class="icon" aria-label="Close the details" title="Close (Esc)" onClick={close}>
          ✕
        </button>
      </div>
      {(operation || notes.length > 0) && <p class="faint">{[operation, ...notes].filter(Boolean).join(' · ')}</p>}
      {span ? (
        <SpanFacts
          key={row.key}
          span={span}
          layout={layout}
          index={index}
          trace={trace}
          marks={marks}
          onSelect={onSelect}
          onTruncated={onTruncated}
        />
      ) : (
        <SpanlessRow row={row} layout={layout} index={index} marks={marks} onSelect={onSelect} />
      )}
      {row.unseen.length > 0 && <Unseen spans={row.unseen} marks={marks} />}
    </aside>
  );
}

type PartProps = Pick<SpanDetailsProps, 'layout' | 'index' | 'marks' | 'onSelect'>;

function SpanFacts({
  span,
  layout,
  index,
  trace,
  marks,
  onSelect,
  onTruncated,
}: PartProps & { span: WaterfallSpan; trace: TraceSpans; onTruncated: (row: SpanRow) => void }) {
  const row = trace.rowOf.get(span);
  useEffect(() => {
    if (row?.truncated) onTruncated(row);
  }, [row]);
  return (
    <>
      {span.status === 'ERROR' && (
        <div class="error-box">
          <strong>Error</strong>
          {span.statusMessage && <LongText text={span.statusMessage} />}
        </div>
      )}
      <dl class="facts-list">
        <Fact name="Service">
          <ServiceChip service={span.serviceName} mark={marks.get(span.serviceName)} />
        </Fact>
        <Fact name="Kind">{span.kind.toLowerCase()}</Fact>
        <Fact name="Duration">{durationText(span.endTimeUnixNano - span.startTimeUnixNano)}</Fact>
        <OwnTime layout={layout} index={index} />
        <QueueTime layout={layout} row={layout.rows[index]!} />
        <Fact name="Start">
          {durationText(span.startTimeUnixNano - layout.startTimeUnixNano)} after the start of the trace
          <span class="faint block">{exactTime(span.startTimeUnixNano)}</span>
        </Fact>
        <Fact name="Span id">
          <code>{span.spanId}</code> <CopyButton text={span.spanId} what="span id" />
        </Fact>
        <Fact name="Trace id">
          <code>{span.traceId}</code> <CopyButton text={span.traceId} what="trace id" />
        </Fact>
      </dl>
      <Events span={span} />
      <Links span={span} layout={layout} onSelect={onSelect} />
      {row?.truncated && (
        <p class="notice">
          The attributes, events and links are too large to load with the other spans. The download contains them.
        </p>
      )}
      <Attributes attributes={span.attributes} />
      {row?.resourceAttributes && <Attributes attributes={row.resourceAttributes} title="Resource" closed />}
      {row?.scopeName && (
        <p class="faint">
          by {visibleText(row.scopeName.slice(0, 200))} {visibleText((row.scopeVersion ?? '').slice(0, 50))}
        </p>
      )}
    </>
  );
}

/** Details of a group, a missing parent, or a span that still runs. */
function SpanlessRow({ row, layout, index, marks, onSelect }: PartProps & { row: WaterfallRow }) {
  if (!row.group) {
    return row.running ? (
      <p>It has not ended yet: its span is sent when it ends. The spans below it have ended.</p>
    ) : (
      <p>
        Spans name this parent, but it is not in the trace: it was not sampled, has not arrived yet, or its service
        sends its spans elsewhere.
      </p>
    );
  }
  const members = layout.rows.slice(index + 1, index + 1 + row.below).filter((below) => below.parent === index);
  return (
    <ol class="members">
      {members.slice(0, 100).map((member) => (
        <li key={member.key}>
          <button type="button" class="as-link" onClick={() => onSelect(member.key)}>
            {rowText(layout, member).title}
          </button>{' '}
          {member.spans[0]
            ? durationText(member.spans[0].endTimeUnixNano - member.spans[0].startTimeUnixNano)
            : 'running'}{' '}
          {member.spans[0]?.status === 'ERROR' && <span class="has-errors">✕ error</span>}{' '}
          <QueueTime layout={layout} row={member} plain />
        </li>
      ))}
      {members.length > 100 && <li>and {plural(members.length - 100, 'more row')}</li>}
      {row.spans[0] && (
        <li class="faint unnumbered">
          <ServiceChip service={row.spans[0].serviceName} mark={marks.get(row.spans[0].serviceName)} />
        </li>
      )}
    </ol>
  );
}

function OwnTime({ layout, index }: Pick<PartProps, 'layout' | 'index'>) {
  if (layout.rows[index]!.below === 0) return null;
  return <Fact name="Own time">{lengthOf(layout, ownTime(layout, index))}</Fact>;
}

function QueueTime({ layout, row, plain = false }: { layout: TraceLayout; row: WaterfallRow; plain?: boolean }) {
  if (row.waits.length === 0) return null;
  const length = lengthOf(layout, row.waits);
  return plain ? (
    <span class="faint">after {length} in the queue</span>
  ) : (
    <Fact name="Queue time">{length} before the start</Fact>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function lengthOf(
  { startTimeUnixNano: start, endTimeUnixNano: end }: TraceLayout,
  bars: readonly { from: number; to: number }[],
): string {
  const share = bars.reduce((sum, { from, to }) => sum + to - from, 0);
  return durationText(BigInt(Math.round(share * Number(end - start))));
}

/** Formats a time to the nanosecond, which `Date` cannot. */
function exactTime(nanoseconds: bigint): string {
  const whole = new Date(Number(nanoseconds / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${whole.replace('T', ' ')}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')} UTC`;
}

const SHOWN = 200;

/** Engine spans that have no row of their own. */
function Unseen({ spans, marks }: { spans: readonly WaterfallSpan[]; marks: ReadonlyMap<string, ServiceMark> }) {
  const inOrder = spans.toSorted((a, b) => (a.startTimeUnixNano < b.startTimeUnixNano ? -1 : 1));
  return (
    <details class="section">
      <summary>
        Engine spans for this row <span class="faint">{spans.length}</span>
      </summary>
      <ul class="unseen">
        {inOrder.slice(0, SHOWN).map((span, i) => (
          <li key={i}>
            <ServiceMarkSign mark={marks.get(span.serviceName)} />
            <span class="unseen-name">{visibleText(span.name.slice(0, 200))}</span>
            <span class="faint">{durationText(span.endTimeUnixNano - span.startTimeUnixNano)}</span>
          </li>
        ))}
        {spans.length > SHOWN && <li>and {spans.length - SHOWN} more</li>}
      </ul>
      <p class="faint">Switch on “Engine spans” to give each a row of its own.</p>
    </details>
  );
}

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
import { CopyButton } from '../shell/copy-button.tsx';
import { plural } from '../text/format.ts';
import { visibleText } from '../text/visible-text.ts';
import { fullTitle, rowText } from '../trace/row-text.ts';
import { ServiceChip } from '../trace/service-chip.tsx';
import type { SpanRow, TraceSpans } from '../trace/trace-spans.ts';
import { Attributes } from './attributes.tsx';
import { Events } from './events.tsx';
import { Links } from './links.tsx';
import { LongText } from './long-text.tsx';
import { Unseen } from './unseen.tsx';

interface SpanDetailsProps {
  layout: TraceLayout;
  /** Of the row. */
  index: number;
  trace: TraceSpans;
  marks: ReadonlyMap<string, ServiceMark>;
  detailsRef: RefObject<HTMLElement | null>;
  onSelect: (key: string) => void;
  onClose: () => void;
  /** A row without its attributes is shown. */
  onPart: (row: SpanRow) => void;
}

/** All that is known of the selected row. */
export function SpanDetails({ layout, index, trace, marks, detailsRef, onSelect, onClose, onPart }: SpanDetailsProps) {
  const row = layout.rows[index]!;
  const { operation, notes } = rowText(layout, row);
  const span = row.group ? undefined : row.spans[0];
  const close = (): void => {
    onClose();
    onClose();
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
        <OneSpan
          key={row.key}
          span={span}
          layout={layout}
          index={index}
          trace={trace}
          marks={marks}
          onSelect={onSelect}
          onPart={onPart}
        />
      ) : (
        <NoSpan row={row} layout={layout} index={index} marks={marks} onSelect={onSelect} />
      )}
      {row.unseen.length > 0 && <Unseen spans={row.unseen} marks={marks} />}
    </aside>
  );
}

type PartProps = Pick<SpanDetailsProps, 'layout' | 'index' | 'marks' | 'onSelect'>;

function OneSpan({
  span,
  layout,
  index,
  trace,
  marks,
  onSelect,
  onPart,
}: PartProps & { span: WaterfallSpan; trace: TraceSpans; onPart: (row: SpanRow) => void }) {
  const row = trace.rowOf.get(span);
  useEffect(() => {
    if (row?.truncated) onPart(row);
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
        <Fact name="Took">{durationText(span.endTimeUnixNano - span.startTimeUnixNano)}</Fact>
        <OwnTime layout={layout} index={index} />
        <Waited layout={layout} row={layout.rows[index]!} />
        <Fact name="Began">
          {durationText(span.startTimeUnixNano - layout.startTimeUnixNano)} after the trace
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
          Its attributes, events and links were too large to come with the others. The download has them.
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

/** A group, a parent that is missing, or what still runs. */
function NoSpan({ row, layout, index, marks, onSelect }: PartProps & { row: WaterfallRow }) {
  if (!row.group) {
    return row.running ? (
      <p>It has not ended: its span comes when it does. What is below it has ended already.</p>
    ) : (
      <p>
        Spans name it as their parent, but it is not in this trace: it was not sampled, has not arrived yet, or its
        service sends its spans elsewhere.
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
          <Waited layout={layout} row={member} plain />
        </li>
      ))}
      {members.length > 100 && <li>and {plural(members.length - 100, 'row')} more</li>}
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
  return <Fact name="On its own">{lengthOf(layout, ownTime(layout, index))}</Fact>;
}

function Waited({ layout, row, plain = false }: { layout: TraceLayout; row: WaterfallRow; plain?: boolean }) {
  if (row.waits.length === 0) return null;
  const length = lengthOf(layout, row.waits);
  return plain ? (
    <span class="faint">after {length} in the queue</span>
  ) : (
    <Fact name="In the queue">{length} before it</Fact>
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

/** To the nanosecond, as no clock of a browser has it. */
function exactTime(nanoseconds: bigint): string {
  const whole = new Date(Number(nanoseconds / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${whole.replace('T', ' ')}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')} UTC`;
}

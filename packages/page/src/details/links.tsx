import type { TraceLayout, WaterfallLink, WaterfallSpan } from '@hatchet-ts/waterfall/browser';
import { traceAddress } from '../route/address.ts';
import { Link } from '../route/navigation.tsx';
import { fullTitle } from '../rows/row-text.ts';
import { visibleText } from '../text/visible-text.ts';

/** Links of a span, and the spans that link to it. */
export function Links({
  span,
  layout,
  onSelect,
}: {
  span: WaterfallSpan;
  layout: TraceLayout;
  onSelect: (key: string) => void;
}) {
  const from = layout.rows.filter(
    (row) => !row.group && row.spans.some((each) => each !== span && each.links.some((link) => leadsTo(link, span))),
  );
  if (span.links.length + from.length === 0) return null;
  return (
    <details class="section" open>
      <summary>
        Links <span class="faint">{span.links.length + from.length}</span>
      </summary>
      <ul class="links">
        {span.links.slice(0, 128).map((link, i) => (
          <li key={i}>
            → <Target link={link} layout={layout} onSelect={onSelect} />
            <Facts link={link} />
          </li>
        ))}
        {from.slice(0, 128).map((row) => (
          <li key={row.key}>
            ←{' '}
            <button type="button" class="as-link" onClick={() => onSelect(row.key)}>
              {fullTitle(layout, row)}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Target({
  link,
  layout,
  onSelect,
}: {
  link: WaterfallLink;
  layout: TraceLayout;
  onSelect: (key: string) => void;
}) {
  const row = layout.rows.find(
    (each) => !each.group && [...each.spans, ...each.unseen].some((span) => leadsTo(link, span)),
  );
  if (row) {
    return (
      <button type="button" class="as-link" onClick={() => onSelect(row.key)}>
        {fullTitle(layout, row)}
      </button>
    );
  }
  if (link.traceId === layout.traceId) return <span>a span that was not received: {link.spanId}</span>;
  return (
    <Link to={traceAddress({ by: 'trace', id: link.traceId }, { selected: link.spanId })}>trace {link.traceId}</Link>
  );
}

function Facts({ link: { attributes } }: { link: WaterfallLink }) {
  const text = Object.entries(attributes).map(([key, value]) => `${key} = ${String(value)}`);
  return text.length > 0 ? <span class="faint block">{visibleText(text.join(', ').slice(0, 500))}</span> : null;
}

function leadsTo(link: WaterfallLink, span: WaterfallSpan): boolean {
  return link.spanId === span.spanId && link.traceId === span.traceId;
}

import { durationText, type ServiceMark, type WaterfallSpan } from '@hatchet-ts/waterfall/browser';
import { visibleText } from '../text/visible-text.ts';
import { ServiceMarkSign } from '../trace/service-chip.tsx';

const SHOWN = 200;

/** What the engine did for it, out of sight. */
export function Unseen({ spans, marks }: { spans: readonly WaterfallSpan[]; marks: ReadonlyMap<string, ServiceMark> }) {
  const inOrder = spans.toSorted((a, b) => (a.startTimeUnixNano < b.startTimeUnixNano ? -1 : 1));
  return (
    <details class="section">
      <summary>
        What the engine did for it <span class="faint">{spans.length}</span>
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
      <p class="faint">“Engine spans” gives each a row of its own.</p>
    </details>
  );
}

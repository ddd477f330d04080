import { durationText, type WaterfallEvent, type WaterfallSpan } from '@hatchet-ts/waterfall/browser';
import { visibleText } from '../text/visible-text.ts';
import { exceptionOf } from './exception.ts';
import { LongText } from './long-text.tsx';

/** More are not drawn. */
const SHOWN = 100;

export function Events({ span }: { span: WaterfallSpan }) {
  if (span.events.length === 0) return null;
  return (
    <details class="section" open>
      <summary>
        Events <span class="faint">{span.events.length}</span>
      </summary>
      <ol class="events">
        {span.events.slice(0, SHOWN).map((event, i) => (
          <li key={i}>
            <span class="faint">{durationText(event.timeUnixNano - span.startTimeUnixNano)} after its start</span>
            <EventText event={event} />
          </li>
        ))}
        {span.events.length > SHOWN && <li>and {span.events.length - SHOWN} more: the download has them</li>}
      </ol>
    </details>
  );
}

function EventText({ event }: { event: WaterfallEvent }) {
  const exception = exceptionOf(event);
  if (exception) {
    return (
      <div class="exception">
        <strong>{visibleText(exception.type.slice(0, 300)) || 'Exception'}</strong>{' '}
        <LongText text={exception.message} />
        {exception.stack && <LongText text={exception.stack} code />}
      </div>
    );
  }
  const entries = Object.entries(event.attributes);
  return (
    <>
      <strong class="block">{visibleText(event.name.slice(0, 300)) || '(no name)'}</strong>
      <dl class="attributes">
        {entries.map(([key, value]) => (
          <div key={key}>
            <dt>{visibleText(key.slice(0, 300))}</dt>
            <dd>
              <LongText text={typeof value === 'string' ? value : JSON.stringify(value)} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

import {
  durationText,
  type SpanAttributes,
  type WaterfallEvent,
  type WaterfallSpan,
} from '@hatchet-ts/waterfall/browser';
import { visibleText } from '../text/visible-text.ts';
import { LongText } from './long-text.tsx';

/** Maximum number of events that are shown. */
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
            <span class="faint">{durationText(event.timeUnixNano - span.startTimeUnixNano)} after the start</span>
            <EventText event={event} />
          </li>
        ))}
        {span.events.length > SHOWN && <li>and {span.events.length - SHOWN} more, which the download contains</li>}
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

/** Exception for display. */
interface ExceptionText {
  type: string;
  message: string;
  /** Stack, without its first lines if they only repeat type and message. */
  stack: string;
}

/** Reads an exception event: https://opentelemetry.io/docs/specs/otel/trace/exceptions/ */
export function exceptionOf({
  name,
  attributes,
}: Pick<WaterfallEvent, 'name' | 'attributes'>): ExceptionText | undefined {
  if (name !== 'exception') return undefined;
  const [type, message, stack] = ['type', 'message', 'stacktrace'].map((key) => textOf(attributes, `exception.${key}`));
  const [head, ...frames] = stack!.split(/\n(?=\s+at )/);
  const repeated = [`${type}: ${message}`, message, type].includes(head!.trim());
  return { type: type!, message: message!, stack: (repeated ? frames.join('\n') : stack!).trim() };
}

function textOf(attributes: SpanAttributes, key: string): string {
  const value = Object.hasOwn(attributes, key) ? attributes[key] : '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

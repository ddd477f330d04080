import type { Attributes } from '@opentelemetry/api';
import type { SpanValues } from './attributes.ts';
import { errorType } from './failure.ts';
import { guarded } from './guard.ts';
import {
  ATTR_ERROR_TYPE,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_SYSTEM,
} from './semconv.ts';
import { SPANS } from './spans.ts';
import type { SpanPlan, Telemetry } from './telemetry.ts';

/** Where a message goes to. */
export type Destination = SpanValues & { readonly destination: 'workflow_name' | 'event_key' };

/**
 * The metrics of a call that sends messages.
 *
 * @param call the span's plan, of a bulk call the call's own
 * @param messages the messages of the call; undefined for one that a replay sends again
 * @returns what to call when it is over; undefined when nobody measures
 */
export function measured(
  { metrics, settings }: Telemetry,
  call: Pick<SpanPlan, 'operation' | 'client' | 'initial'>,
  messages: readonly (Pick<SpanPlan, 'initial'> | undefined)[],
): ((failure?: { readonly thrown: unknown }) => void) | undefined {
  if (!metrics) return undefined;
  const start = performance.now();
  const excluded = settings.excludedFor(call.client);
  const attributesOf = (initial: SpanValues | undefined, failure: { thrown: unknown } | undefined): Attributes => {
    const attributes: Attributes = {
      [ATTR_MESSAGING_SYSTEM]: 'hatchet',
      [ATTR_MESSAGING_OPERATION_NAME]: SPANS[call.operation].operationName,
    };
    const name = initial?.destination;
    const isNamed = name === 'workflow_name' || (name === 'event_key' && settings.eventKeyInMetrics);
    const destination = isNamed && !excluded.has(name) ? initial?.hatchet[name] : undefined;
    if (typeof destination === 'string') attributes[ATTR_MESSAGING_DESTINATION_NAME] = destination;
    if (failure) attributes[ATTR_ERROR_TYPE] = guarded('naming an error', () => errorType(failure.thrown)) ?? 'unknown';
    return attributes;
  };
  const done = (failure?: { readonly thrown: unknown }) => {
    metrics.called((performance.now() - start) / 1000, attributesOf(call.initial, failure));
    const counts = new Map<unknown, { messages: number; initial: SpanValues | undefined }>();
    for (const message of messages) {
      if (!message) continue;
      const destination = message.initial?.hatchet.workflow_name ?? message.initial?.hatchet.event_key;
      const count = counts.get(destination) ?? { messages: 0, initial: message.initial };
      count.messages++;
      counts.set(destination, count);
    }
    for (const count of counts.values()) metrics.sent(count.messages, attributesOf(count.initial, failure));
  };
  return (failure) => guarded('measuring a call', () => done(failure));
}

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

/** Where each message of a call goes to. */
export type SentMessages = readonly (SpanValues | undefined)[];

/**
 * The metrics of a call that sends messages, measured from now on.
 *
 * @param call the span's plan, of a bulk call the call's own
 * @returns what to call when it is over; undefined when nobody measures
 */
export function measured(
  { metrics, settings }: Telemetry,
  call: Pick<SpanPlan, 'operation' | 'client' | 'initial'>,
  messages: () => SentMessages,
): ((failure?: { readonly thrown: unknown }) => void) | undefined {
  if (!metrics) return undefined;
  const start = performance.now();
  const excluded = settings.excludedFor(call.client);
  const attributesOf = (to: SpanValues | undefined, failure: { thrown: unknown } | undefined): Attributes => {
    const attributes: Attributes = {
      [ATTR_MESSAGING_SYSTEM]: 'hatchet',
      [ATTR_MESSAGING_OPERATION_NAME]: SPANS[call.operation].operationName,
    };
    const name = to?.destination;
    const isNamed = name === 'workflow_name' || (name === 'event_key' && settings.eventKeyInMetrics);
    const destination = isNamed && !excluded.has(name) ? to?.hatchet[name] : undefined;
    if (typeof destination === 'string') attributes[ATTR_MESSAGING_DESTINATION_NAME] = destination;
    if (failure) attributes[ATTR_ERROR_TYPE] = guarded('naming an error', () => errorType(failure.thrown)) ?? 'unknown';
    return attributes;
  };
  const record = (failure?: { readonly thrown: unknown }) => {
    metrics.called((performance.now() - start) / 1000, attributesOf(call.initial, failure));
    const counts = new Map<unknown, { messages: number; to: SpanValues | undefined }>();
    for (const to of messages()) {
      const destination = to?.hatchet.workflow_name ?? to?.hatchet.event_key;
      const count = counts.get(destination) ?? { messages: 0, to };
      count.messages++;
      counts.set(destination, count);
    }
    for (const count of counts.values()) metrics.sent(count.messages, attributesOf(count.to, failure));
  };
  return (failure) => guarded('measuring a call', () => record(failure));
}

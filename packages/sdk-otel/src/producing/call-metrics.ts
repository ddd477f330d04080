import { errorType } from '@hatchet-ts/internal/thrown-value';
import type { Attributes } from '@opentelemetry/api';
import { guard } from '../call/guard.ts';
import type { SpanValues } from '../tables/attributes.ts';
import {
  ATTR_ERROR_TYPE,
  ATTR_MESSAGING_DESTINATION_NAME,
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_SYSTEM,
} from '../tables/semconv.ts';
import { SPANS } from '../tables/spans.ts';
import type { SpanPlan } from '../telemetry/span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';

/** Destination of each message of a call. */
export type Destinations = readonly (SpanValues | undefined)[];

/**
 * Starts to measure a call that sends messages.
 *
 * @param call plan of the call's span; of a bulk call not of its items
 * @returns a function to call at the end of the call; undefined without a meter provider
 */
export function measureCall(
  { metrics, settings }: Telemetry,
  call: Pick<SpanPlan, 'operation' | 'client' | 'initial'>,
  messages: () => Destinations,
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
    if (failure) attributes[ATTR_ERROR_TYPE] = errorType(failure.thrown);
    return attributes;
  };
  const record = (failure?: { readonly thrown: unknown }) => {
    metrics.recordCall((performance.now() - start) / 1000, attributesOf(call.initial, failure));
    const counts = new Map<unknown, { messages: number; to: SpanValues | undefined }>();
    for (const to of messages()) {
      const destination = to?.hatchet.workflow_name ?? to?.hatchet.event_key;
      const count = counts.get(destination) ?? { messages: 0, to };
      count.messages++;
      counts.set(destination, count);
    }
    for (const count of counts.values()) metrics.countSent(count.messages, attributesOf(count.to, failure));
  };
  return (failure) => guard('measuring a call', () => record(failure));
}

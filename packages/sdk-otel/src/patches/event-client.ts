import type { EventClient } from '@hatchet-dev/typescript-sdk/clients/event/event-client.js';
import type { SpanValues } from '../attributes.ts';
import { sending, sendingBulk } from '../sending.ts';
import { isLive } from '../telemetry.ts';
import { tracedCall } from '../traced-call.ts';
import type { ClassPatch } from './class-patch.ts';

/** `EventClient.push` and `.bulkPush`. */
export const eventClientPatch: ClassPatch = {
  file: 'clients/event/event-client.js',
  className: 'EventClient',
  wrappers: {
    push: (original, telemetry) =>
      function push(this: EventClient, ...args: PushArgs) {
        return tracedCall(
          'tracing push',
          args,
          (given): PushResult => original.apply(this, given),
          () => {
            if (!isLive(telemetry)) return undefined;
            const [key, input, options, ...rest] = args;
            return sending<PushArgs, PushResult>(
              telemetry,
              args,
              {
                operation: 'push_event',
                args,
                client: this.config,
                metadata: options?.additionalMetadata,
                initial: destination(key),
                details: () => eventValues(this, options?.priority, options?.scope),
                data: () => ({ payload: input, metadata: options?.additionalMetadata }),
                sent: sentEvent,
              },
              (metadata) => [
                key,
                input,
                { ...options, additionalMetadata: metadata as Record<string, string> },
                ...rest,
              ],
            );
          },
        );
      },
    bulkPush: (original, telemetry) =>
      function bulkPush(this: EventClient, ...args: BulkPushArgs) {
        return tracedCall(
          'tracing bulkPush',
          args,
          (given): BulkPushResult => original.apply(this, given),
          () => {
            const [key, inputs, options, ...rest] = args;
            if (!isLive(telemetry) || !Array.isArray(inputs)) return undefined;
            // the SDK takes the call's metadata only for an item without its own, so they are kept here
            const metadataOf = (item: EventItem) => item.additionalMetadata ?? options?.additionalMetadata;
            return sendingBulk<BulkPushArgs, EventItem, BulkPushResult>(
              telemetry,
              {
                operation: 'bulk_push_event',
                args,
                client: this.config,
                items: inputs,
                initial: destination(key),
                details: () => ({
                  hatchet: {
                    num_events: inputs.length,
                    unique_event_keys: [key],
                    priority: options?.priority,
                    scope: options?.scope,
                    namespace: this.config?.namespace,
                  },
                  batch: 'num_events',
                }),
                metadata: metadataOf,
                destination: () => destination(key),
                plan: (item) => ({
                  operation: 'push_event',
                  args: [item],
                  client: this.config,
                  initial: destination(key),
                  details: () => eventValues(this, item.priority ?? options?.priority, item.scope ?? options?.scope),
                  data: () => ({ payload: item.payload, metadata: metadataOf(item) }),
                }),
                withMetadata: (item, additionalMetadata) => ({ ...item, additionalMetadata }),
                sent: (result, index) => sentEvent(result?.events?.[index]),
              },
              (items) => [key, items, options, ...rest],
            );
          },
        );
      },
  },
};

type PushArgs = Parameters<EventClient['push']>;
type PushResult = ReturnType<EventClient['push']>;
type BulkPushArgs = Parameters<EventClient['bulkPush']>;
type BulkPushResult = ReturnType<EventClient['bulkPush']>;
type EventItem = BulkPushArgs[1][number];

function destination(key: string): SpanValues {
  return { hatchet: { event_key: key }, destination: 'event_key' };
}

function eventValues(events: EventClient, priority: number | undefined, scope: string | undefined): SpanValues {
  return { hatchet: { priority, scope, namespace: events.config?.namespace } };
}

function sentEvent(event: { readonly eventId?: string } | undefined): SpanValues {
  return { hatchet: { event_id: event?.eventId }, message: 'event_id' };
}

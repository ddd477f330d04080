import type { EventClient } from '@hatchet-dev/typescript-sdk/clients/event/event-client.js';
import { traceCall } from '../call/prepared-call.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';
import { prepareBulkSend, prepareSend } from '../producing/send.ts';
import type { SpanValues } from '../tables/attributes.ts';
import { isLive } from '../telemetry/telemetry.ts';
import { sentEventKey } from './sent-names.ts';

/** Traces `EventClient.push` and `.bulkPush`. */
export const eventClientPatch: ClassPatch = {
  file: 'clients/event/event-client.js',
  className: 'EventClient',
  wrappers: {
    push: (original, telemetry) =>
      function push(this: EventClient, ...args: PushArgs) {
        return traceCall(
          'tracing push',
          args,
          (callArgs): PushResult => original.apply(this, callArgs),
          () => {
            if (!isLive(telemetry)) return undefined;
            const [key, input, options, ...rest] = args;
            return prepareSend<PushArgs, PushResult>(
              telemetry,
              args,
              {
                operation: 'push_event',
                args,
                client: this.config,
                metadata: options?.additionalMetadata,
                initial: destination(this, key),
                details: () => eventValues(this, options?.priority, options?.scope),
                data: () => ({ payload: input, metadata: options?.additionalMetadata }),
                resultValues: createdEvent,
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
        return traceCall(
          'tracing bulkPush',
          args,
          (callArgs): BulkPushResult => original.apply(this, callArgs),
          () => {
            const [key, inputs, options, ...rest] = args;
            if (!isLive(telemetry) || !Array.isArray(inputs)) return undefined;
            // the SDK uses the call's metadata only for an item without its own, so they are added here
            const metadataOf = (item: EventItem) => item.additionalMetadata ?? options?.additionalMetadata;
            return prepareBulkSend<BulkPushArgs, EventItem, BulkPushResult>(
              telemetry,
              {
                operation: 'bulk_push_event',
                args,
                client: this.config,
                items: inputs,
                initial: destination(this, key),
                details: () => ({
                  hatchet: {
                    num_events: inputs.length,
                    unique_event_keys: [sentEventKey(key, this.config?.namespace) ?? ''],
                    priority: options?.priority,
                    scope: options?.scope,
                    namespace: this.config?.namespace,
                  },
                  batch: 'num_events',
                }),
                metadata: metadataOf,
                destination: () => destination(this, key),
                plan: (item) => ({
                  operation: 'push_event',
                  args: [item],
                  client: this.config,
                  initial: destination(this, key),
                  details: () => eventValues(this, item.priority ?? options?.priority, item.scope ?? options?.scope),
                  data: () => ({ payload: item.payload, metadata: metadataOf(item) }),
                }),
                withMetadata: (item, additionalMetadata) => ({ ...item, additionalMetadata }),
                resultValues: (result, index) => createdEvent(result?.events?.[index]),
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

function destination({ config }: EventClient, key: string): SpanValues {
  return { hatchet: { event_key: sentEventKey(key, config?.namespace) }, destination: 'event_key' };
}

function eventValues(events: EventClient, priority: number | undefined, scope: string | undefined): SpanValues {
  return { hatchet: { priority, scope, namespace: events.config?.namespace } };
}

function createdEvent(event: { readonly eventId?: string } | undefined): SpanValues {
  return { hatchet: { event_id: event?.eventId }, message: 'event_id' };
}

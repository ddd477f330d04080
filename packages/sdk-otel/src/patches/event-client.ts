import type { EventClient } from '@hatchet-dev/typescript-sdk/clients/event/event-client.js';
import type { SpanValues } from '../attributes.ts';
import { captured } from '../capture.ts';
import { sending, sendingBulk } from '../sending.ts';
import { isLive, type Telemetry } from '../telemetry.ts';
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
            const message = {
              ...eventMessage(telemetry, this, key, { payload: input, ...options }, args),
              sent: sentEvent,
            };
            return sending<PushArgs, PushResult>(telemetry, args, message, (additionalMetadata) => [
              key,
              input,
              { ...options, additionalMetadata: additionalMetadata as Record<string, string> },
              ...rest,
            ]);
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
            return sendingBulk<BulkPushArgs, EventItem, BulkPushResult>(
              telemetry,
              {
                operation: 'bulk_push_event',
                args,
                client: this.config,
                items: inputs,
                initial: { hatchet: { event_key: key }, destination: 'event_key' },
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
                message: (item) =>
                  eventMessage(
                    telemetry,
                    this,
                    key,
                    {
                      payload: item.payload,
                      priority: item.priority ?? options?.priority,
                      scope: item.scope ?? options?.scope,
                      // the SDK takes the call's metadata only for an item without its own, so they are kept here
                      additionalMetadata: item.additionalMetadata ?? options?.additionalMetadata,
                    },
                    [item],
                  ),
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

function eventMessage(
  telemetry: Telemetry,
  events: EventClient,
  key: string,
  item: EventItem,
  args: readonly unknown[],
) {
  return {
    operation: 'push_event' as const,
    args,
    client: events.config,
    metadata: item.additionalMetadata,
    initial: { hatchet: { event_key: key }, destination: 'event_key' as const },
    details: (): SpanValues => ({
      hatchet: {
        priority: item.priority,
        scope: item.scope,
        namespace: events.config?.namespace,
        ...captured(telemetry.settings.capture, { payload: item.payload, metadata: item.additionalMetadata }),
      },
    }),
  };
}

function sentEvent(event: { readonly eventId?: string } | undefined): SpanValues {
  return { hatchet: { event_id: event?.eventId }, message: 'event_id' };
}

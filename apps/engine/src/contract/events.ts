import {
  type Event,
  EventsServiceDefinition,
  type EventsServiceImplementation,
  type PushEventRequest,
} from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { type RunAttributes, type RunSpanName, runSpan } from '@hatchet-ts/server-otel';
import { context, trace } from '@opentelemetry/api';
import { Refusal } from '../refusal.ts';
import type { Ingest, PushedEvent } from '../triggers/events.ts';
import type { Authorised } from './authorisation.ts';
import { jsonField, metadataField, priorityField } from './fields.ts';
import { unimplemented } from './unimplemented.ts';

/** Most events of one call; the official SDKs send at most so many. */
const MOST_EVENTS = 1_000;

/** `EventsService`: takes events, which start the runs of the workflows that name their key. */
export function eventsService(ingest: Ingest): EventsServiceImplementation<Authorised> {
  async function push(
    name: RunSpanName,
    tenantId: string,
    requests: readonly PushEventRequest[],
    attributes: RunAttributes = {},
  ): Promise<Event[]> {
    const events = requests.map(pushedEvent);
    const call = trace.getSpanContext(context.active());
    const stored = await runSpan(name, { attributes }, () => ingest(tenantId, events, call));
    return stored.map(({ id, createdAt }, position) => {
      const { key = '', payload = '', additionalMetadata, scope } = requests[position] ?? {};
      return { tenantId, eventId: id, key, payload, eventTimestamp: createdAt, additionalMetadata, scope };
    });
  }

  return {
    ...unimplemented<typeof EventsServiceDefinition, Authorised>(EventsServiceDefinition),
    async push(request, { tenantId }) {
      const [event] = await push('ingest-event', tenantId, [request]);
      // One event in, one out.
      return event!;
    },
    async bulkPush({ events }, { tenantId }) {
      if (events.length > MOST_EVENTS) {
        throw new Refusal('invalid', `a call may push ${MOST_EVENTS} events at most, not ${events.length}`);
      }
      return {
        events: await push('bulk-ingest-event', tenantId, events, { 'batch.item_count': events.length }),
      };
    },
  };
}

function pushedEvent(request: PushEventRequest): PushedEvent {
  if (request.key === '') throw new Refusal('invalid', 'an event must have a key');
  const priority = priorityField(request.priority);
  return {
    key: request.key,
    payload: jsonField(request.payload, 'payload'),
    metadata: metadataField(request.additionalMetadata),
    ...(priority === undefined ? {} : { priority }),
    ...(request.scope ? { scope: request.scope } : {}),
  };
}

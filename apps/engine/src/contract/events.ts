import {
  type Event,
  EventsServiceDefinition,
  type EventsServiceImplementation,
  type PushEventRequest,
} from '@hatchet-dev/typescript-sdk/protoc/events/events.js';
import { type RunAttributes, type RunSpanName, runSpan } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { insertLogLines } from '@hatchet-ts/storage/logs';
import { context, trace } from '@opentelemetry/api';
import { assertAtMost, assertKey, MOST_ITEMS } from '../messages/limits.ts';
import { mapItems, Refusal } from '../refusal.ts';
import type { Progress } from '../runs/progress.ts';
import type { Ingest, PushedEvent } from '../triggers/ingest.ts';
import type { Authorized } from './authorization.ts';
import { jsonField, metadataField, priorityField, uuidField } from './fields.ts';
import { logLine } from './log-line.ts';
import { unimplemented } from './unimplemented.ts';

export interface EventsDeps {
  db: Database;
  ingest: Ingest;
  progress: Progress;
}

/** `EventsService`: events, which start runs of the workflows that name their key, and tasks' logs and streams. */
export function eventsService({ db, ingest, progress }: EventsDeps): EventsServiceImplementation<Authorized> {
  async function push(
    name: RunSpanName,
    tenantId: string,
    requests: readonly PushEventRequest[],
    attributes: RunAttributes = {},
  ): Promise<Event[]> {
    const events = mapItems(requests, 'events', pushedEvent);
    const call = trace.getSpanContext(context.active());
    const stored = await runSpan(name, { attributes }, () => ingest(tenantId, events, call));
    return stored.map(({ id, createdAt }, position) => {
      const { key = '', payload = '', additionalMetadata, scope } = requests[position] ?? {};
      return { tenantId, eventId: id, key, payload, eventTimestamp: createdAt, additionalMetadata, scope };
    });
  }

  return {
    ...unimplemented<typeof EventsServiceDefinition, Authorized>(EventsServiceDefinition),
    async push(request, { tenantId }) {
      const [event] = await push('ingest-event', tenantId, [request]);
      // One event is stored for one request.
      return event!;
    },
    async bulkPush({ events }, { tenantId }) {
      assertAtMost(events, MOST_ITEMS, 'events');
      return {
        events: await push('bulk-ingest-event', tenantId, events, { 'batch.item_count': events.length }),
      };
    },
    async putLog(request, { tenantId }) {
      const stored = await insertLogLines(db, tenantId, [logLine(request)]);
      if (stored === 0) throw new Refusal('not-found', `task run not found: ${request.taskRunExternalId}`);
      return {};
    },
    async putStreamEvent({ taskRunExternalId, message, eventIndex }, { tenantId }) {
      await progress.publishChunk(tenantId, {
        taskId: uuidField(taskRunExternalId, 'taskRunExternalId'),
        index: eventIndex ?? 0,
        text: Buffer.from(message).toString('utf8'),
      });
      return {};
    },
  };
}

function pushedEvent(request: PushEventRequest): PushedEvent {
  if (request.key === '') throw new Refusal('invalid', 'an event must have a key');
  assertKey(request.key, 'the event key');
  const priority = priorityField(request.priority);
  return {
    key: request.key,
    payload: jsonField(request.payload, 'payload'),
    metadata: metadataField(request.additionalMetadata),
    ...(priority === undefined ? {} : { priority }),
    ...(request.scope ? { scope: request.scope } : {}),
  };
}

import { randomUUIDv7 } from 'node:crypto';
import { readCarrier } from '@hatchet-ts/sdk-otel/propagation';
import type { Database } from '@hatchet-ts/storage';
import { insertEvents, type NewEvent } from '@hatchet-ts/storage/events';
import type { NewRun } from '@hatchet-ts/storage/runs';
import { workflowsOfEvents } from '@hatchet-ts/storage/workflows';
import type { SpanContext } from '@opentelemetry/api';
import { now } from '../clock.ts';
import type { StoredEvent } from '../durable/matching.ts';
import { Refusal } from '../refusal.ts';
import type { Metadata } from '../runs/context.ts';
import type { RunRequest } from '../runs/new-run.ts';
import type { RunFactory } from '../runs/run-factory.ts';
import type { RunSpans } from '../runs/spans.ts';

/** Event pushed by a client. */
export interface PushedEvent {
  key: string;
  /** JSON text. */
  payload: string;
  metadata: Metadata;
  priority?: number;
  scope?: string;
}

/** Stores events and the runs that they start in one transaction; resolves to the events' ids, in order. */
export type Ingest = (
  tenantId: string,
  events: readonly PushedEvent[],
  call: SpanContext | undefined,
) => Promise<{ id: string; createdAt: Date }[]>;

export interface IngestDeps {
  db: Database;
  factory: RunFactory;
  spans: RunSpans;
  /** Receives committed events, for durable tasks that wait for them. */
  onStored(events: readonly StoredEvent[]): void;
  /** Receives the reason for which an event started no run of a workflow. */
  onRefused(reason: Error): void;
}

export function createIngest({ db, factory, spans, onStored, onRefused }: IngestDeps): Ingest {
  /** Prepares runs; one that is refused stops neither its event nor the others, as in Hatchet's own engine. */
  async function prepareEach(tenantId: string, requests: readonly RunRequest[], call: SpanContext | undefined) {
    try {
      return await factory.prepare(tenantId, requests, call);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const runs: NewRun[] = [];
      for (const request of requests) {
        try {
          runs.push(...(await factory.prepare(tenantId, [request], call)));
        } catch (reason) {
          if (!(reason instanceof Refusal)) throw reason;
          onRefused(
            new Error(`event ${request.event?.id} started no run of ${request.workflowName}: ${reason.message}`),
          );
        }
      }
      return runs;
    }
  }

  return async (tenantId, events, call) => {
    const receivedAt = now();
    const keys = [...new Set(events.map(({ key }) => key))];
    const names = Map.groupBy(await workflowsOfEvents(db, tenantId, keys), ({ key }) => key);
    const rows = events.map((event) => newEvent(tenantId, event, receivedAt));
    const requests = events.flatMap((event, position) =>
      (names.get(event.key) ?? []).map(({ name }): RunRequest => runRequest(event, rows[position]!.id, name)),
    );
    const runs = await prepareEach(tenantId, requests, call);
    await db.transaction(async (transaction) => {
      await insertEvents(transaction, rows);
      await factory.store(runs, transaction);
    });
    factory.announce(runs);
    onStored(rows);
    const committedAt = now();
    for (const row of rows) {
      const started = names.has(row.key);
      if (started) spans.recordEvent(row, readCarrier(row.additionalMetadata) ?? call, receivedAt, committedAt);
    }
    return rows.map(({ id, createdAt }) => ({ id, createdAt: new Date(createdAt) }));
  };
}

function newEvent(tenantId: string, event: PushedEvent, createdAt: number): NewEvent {
  const { key, payload, metadata, scope } = event;
  return {
    id: randomUUIDv7(),
    tenantId,
    key,
    payload,
    additionalMetadata: metadata,
    createdAt,
    ...(scope === undefined ? {} : { scope }),
  };
}

function runRequest({ key, payload, metadata, priority }: PushedEvent, id: string, workflowName: string): RunRequest {
  return {
    workflowName,
    input: payload,
    metadata,
    event: { id, key },
    ...(priority === undefined ? {} : { priority }),
  };
}

import type { RunningProcess } from '@hatchet-ts/trace-testing';
import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { expect } from 'vitest';

/** Numbers of spans that a service logs at shutdown: all that it created, by outcome. */
export interface SpanAccount {
  created: number;
  /** Acknowledged by the Collector. */
  exported: number;
  queued: number;
  dropped: number;
  droppedBy: Readonly<Record<string, number>>;
}

/** By `service.name`. */
export type SpanAccounts = Readonly<Record<string, SpanAccount>>;

/** Messages of server-otel after a complete and an incomplete shutdown. */
const SHUTDOWN_MESSAGES = ['telemetry was shut down', 'telemetry was shut down with undelivered spans; dropping them'];

/** Returns the span account of a service that has ended. Fails the test unless every span is accounted for. */
export function finalAccount({ name, log }: RunningProcess): SpanAccount {
  const line = SHUTDOWN_MESSAGES.flatMap((msg) => log.matching({ msg })).at(-1);
  if (!line) throw new Error(`${name} has ended without logging its span account; ${log.tail()}`);
  const { created, exported, queued, dropped, droppedBy } = line.fields as unknown as SpanAccount;
  const byReason = Object.values(droppedBy).reduce((sum, count) => sum + count, 0);
  expect({ name, created, dropped }).toEqual({ name, created: exported + queued + dropped, dropped: byReason });
  expect({ name, queued }).toEqual({ name, queued: 0 });
  expect(created, `${name} created spans`).toBeGreaterThan(0);
  return { created, exported, queued, dropped, droppedBy };
}

/** Expects that the Collector acknowledged and stored every created span, counted by distinct id. */
export function expectAllStored(accounts: SpanAccounts, spans: readonly WaterfallSpan[]): void {
  const rows = Object.entries(accounts).map(([service, { created, exported, dropped }]) => {
    return { service, created, exported, dropped, stored: distinctSpans(spans, service) };
  });
  expect(rows).toEqual(
    rows.map(({ service, created }) => ({ service, created, exported: created, dropped: 0, stored: created })),
  );
}

/** Counts the spans of a service by distinct id, because delivery is at least once. */
export function distinctSpans(spans: readonly WaterfallSpan[], service: string): number {
  const own = spans.filter(({ serviceName }) => serviceName === service);
  return new Set(own.map(({ traceId, spanId }) => `${traceId}/${spanId}`)).size;
}

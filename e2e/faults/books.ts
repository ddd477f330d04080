import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { expect } from 'vitest';
import type { ServiceProcess } from '../harness/service-process.ts';

/** What a service says, when it ends, became of its spans. */
export interface Books {
  created: number;
  /** Acknowledged by the Collector. */
  exported: number;
  queued: number;
  dropped: number;
  droppedBy: Readonly<Record<string, number>>;
}

/** By `service.name`. */
export type AllBooks = Readonly<Record<string, Books>>;

/** server-otel's last words: when everything was settled, and when it was not. */
const LAST_WORDS = ['telemetry was shut down', 'telemetry was shut down with undelivered spans; dropping them'];

/** The books of a service that has ended, which are balanced or fail the test. */
export function closedBooks({ name, log }: ServiceProcess): Books {
  const line = LAST_WORDS.flatMap((msg) => log.saying(msg)).at(-1);
  if (!line) throw new Error(`${name} has ended and has not said what became of its spans`);
  const { created, exported, queued, dropped, droppedBy } = line as unknown as Books;
  const byReason = Object.values(droppedBy).reduce((sum, count) => sum + count, 0);
  expect({ name, created, dropped }).toEqual({ name, created: exported + queued + dropped, dropped: byReason });
  expect({ name, queued }).toEqual({ name, queued: 0 });
  expect(created, `${name} has spans at all`).toBeGreaterThan(0);
  return { created, exported, queued, dropped, droppedBy };
}

/** Every span that was created was acknowledged, and every one that was acknowledged is stored, by distinct id. */
export function expectAllStored(books: AllBooks, spans: readonly WaterfallSpan[]): void {
  const accounts = Object.entries(books).map(([service, { created, exported, dropped }]) => {
    return { service, created, exported, dropped, stored: distinctSpans(spans, service) };
  });
  expect(accounts).toEqual(
    accounts.map(({ service, created }) => ({ service, created, exported: created, dropped: 0, stored: created })),
  );
}

/** How many spans of a service there are, by distinct id: delivery is at least once. */
export function distinctSpans(spans: readonly WaterfallSpan[], service: string): number {
  const own = spans.filter(({ serviceName }) => serviceName === service);
  return new Set(own.map(({ traceId, spanId }) => `${traceId}/${spanId}`)).size;
}

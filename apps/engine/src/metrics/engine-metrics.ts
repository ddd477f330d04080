import { sDKSToJSON } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { untraced } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import {
  type DatabaseHealth,
  databaseHealth,
  type QueueDepth,
  queueDepths,
  type WorkerCensus,
  workerCensus,
} from '@hatchet-ts/storage/health';
import type { MeterProvider } from '@opentelemetry/api';
import manifest from '../../package.json' with { type: 'json' };
import { now } from '../clock.ts';
import { type GaugeSource, type Observe, observeGauges } from './gauges.ts';
import { DATABASE_INSTRUMENTS, QUEUE_INSTRUMENTS, WORKER_INSTRUMENTS } from './instruments.ts';

export interface EngineMetricsOptions {
  readonly db: Queryable;
  readonly meterProvider: MeterProvider;
  /** Milliseconds without a heartbeat after which a worker does not count. */
  readonly heartbeat: number;
  /** False if another engine may hold the database: only one of them may report. */
  readonly mayRun: () => boolean;
  readonly onError: (error: unknown) => void;
  /** Time that a reading is reused, in milliseconds; tests shorten it. */
  readonly maxAge?: Partial<typeof MAX_AGE>;
}

/** Reuse of readings, in milliseconds. Statistics of the database change slowly and cost more. */
const MAX_AGE = { workers: 5_000, queue: 5_000, database: 60_000 };

/**
 * Reports workers, queue and the database's health whenever metrics are collected; the queries are not traced.
 *
 * @returns stops reporting
 */
export function reportEngineMetrics(options: EngineMetricsOptions): () => void {
  const { db, heartbeat, mayRun, onError } = options;
  const maxAge = { ...MAX_AGE, ...options.maxAge };
  const meter = options.meterProvider.getMeter(manifest.name, manifest.version);
  const observe = <Name extends string, Reading>(source: GaugeSource<Name, Reading>) => {
    const show: typeof source.show = (reading, note) => {
      if (mayRun()) source.show(reading, note);
    };
    return observeGauges(meter, { ...source, read: () => untraced(source.read), show }, onError);
  };
  const stops = [
    observe({
      instruments: WORKER_INSTRUMENTS,
      read: () => workerCensus(db, now() - heartbeat),
      maxAgeMs: maxAge.workers,
      show: showWorkers,
    }),
    observe({ instruments: QUEUE_INSTRUMENTS, read: () => queueDepths(db), maxAgeMs: maxAge.queue, show: showQueue }),
    observe({
      instruments: DATABASE_INSTRUMENTS,
      read: () => databaseHealth(db),
      maxAgeMs: maxAge.database,
      show: showDatabase,
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function showWorkers(census: readonly WorkerCensus[], observe: Observe<keyof typeof WORKER_INSTRUMENTS>): void {
  const tenants = Map.groupBy(census, ({ tenantId }) => tenantId);
  for (const [tenant_id, groups] of tenants) {
    const byKind = new Map<string, number>();
    for (const { slots } of groups) {
      for (const [kind, units] of Object.entries(slots)) byKind.set(kind, (byKind.get(kind) ?? 0) + units);
    }
    observe('slots', sum(byKind.values()), { tenant_id });
    for (const [slot_key, units] of byKind) observe('slotsByKey', units, { tenant_id, slot_key });
    observe('workers', sum(groups.map(({ workers }) => workers)), { tenant_id });
    for (const { sdk, workers } of groups) {
      observe('sdks', workers, {
        tenant_id,
        sdk_language: sDKSToJSON(Number(sdk.language)),
        sdk_version: sdk.version,
        sdk_os: sdk.os,
        sdk_language_version: sdk.languageVersion,
      });
    }
  }
}

function showQueue(depths: readonly QueueDepth[], observe: Observe<keyof typeof QUEUE_INSTRUMENTS>): void {
  for (const { tenantId: tenant_id, tasks, oldestSeconds } of depths) {
    observe('size', tasks, { tenant_id });
    observe('oldest', oldestSeconds, { tenant_id });
  }
}

/** Hatchet's thresholds. */
const BLOATED_PERCENT = 50;
const STUCK_VACUUM_SECONDS = 10 * 3600;

function showDatabase(health: DatabaseHealth, observe: Observe<keyof typeof DATABASE_INSTRUMENTS>): void {
  const bloated = health.tables.filter(({ deadTuplePercent }) => (deadTuplePercent ?? 0) > BLOATED_PERCENT).length;
  observe('bloat', bloated, { health_status: bloated > 0 ? 'warn' : 'ok' });
  observe('longQueries', health.longRunningQueries);
  const stuck = health.oldestVacuumSeconds > STUCK_VACUUM_SECONDS;
  observe('vacuums', health.vacuums, { health_status: stuck ? 'alert' : health.vacuums > 0 ? 'warn' : 'ok' });
  for (const { table: table_name, deadTuplePercent, cacheHitPercent, secondsSinceAutovacuum } of health.tables) {
    if (deadTuplePercent !== null) observe('deadTuples', deadTuplePercent, { table_name });
    if (cacheHitPercent !== null) observe('cacheHits', cacheHitPercent, { table_name });
    if (secondsSinceAutovacuum !== null) observe('autovacuum', secondsSinceAutovacuum, { table_name });
  }
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

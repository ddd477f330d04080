import type { MeterProvider, ObservableResult } from '@opentelemetry/api';
import type { Pool, PoolClient } from 'pg';
import { SCOPE } from '../process-telemetry.ts';

/** Pools of this process, for the `db.client.connection.*` metrics. */
export class Pools {
  readonly #known = new WeakSet<Pool>();
  /** Weak, because an application may drop a pool without closing it. */
  readonly #pools = new Set<WeakRef<Pool>>();
  readonly #names = new WeakMap<Pool, string>();
  /** Names that had a pool. They are zero afterwards: the SDK repeats the last value of a series that is not observed. */
  readonly #observed = new Set<string>();

  /** Adds a pool, at its first use. */
  add(pool: Pool): void {
    if (this.#known.has(pool)) return;
    this.#known.add(pool);
    this.#pools.add(new WeakRef(pool));
    // The options may be a URL, variables of the environment or defaults: pg's client has read them.
    pool.once('connect', (client: PoolClient) => {
      const name = poolName(client);
      this.#names.set(pool, name);
      this.#observed.add(name);
    });
  }

  /** Observes all pools whenever metrics are collected. @returns a function that stops it */
  observe(meterProvider: MeterProvider): () => void {
    const meter = meterProvider.getMeter(SCOPE.name, SCOPE.version);
    const count = meter.createObservableUpDownCounter(METRIC_CONNECTION_COUNT, {
      description: 'The number of connections that are currently in state described by the state attribute.',
      unit: '{connection}',
    });
    const max = meter.createObservableUpDownCounter(METRIC_CONNECTION_MAX, {
      description: 'The maximum number of open connections allowed.',
      unit: '{connection}',
    });
    const pending = meter.createObservableUpDownCounter(METRIC_CONNECTION_PENDING_REQUESTS, {
      description: 'The number of current pending requests for an open connection.',
      unit: '{request}',
    });
    const observeCount = (result: ObservableResult) => {
      for (const [name, { used, idle }] of this.#totals()) {
        result.observe(used, { [ATTR_POOL_NAME]: name, [ATTR_CONNECTION_STATE]: 'used' });
        result.observe(idle, { [ATTR_POOL_NAME]: name, [ATTR_CONNECTION_STATE]: 'idle' });
      }
    };
    const observeMax = (result: ObservableResult) => {
      for (const [name, totals] of this.#totals()) result.observe(totals.max, { [ATTR_POOL_NAME]: name });
    };
    const observePending = (result: ObservableResult) => {
      for (const [name, totals] of this.#totals()) result.observe(totals.pending, { [ATTR_POOL_NAME]: name });
    };
    count.addCallback(observeCount);
    max.addCallback(observeMax);
    pending.addCallback(observePending);
    return () => {
      count.removeCallback(observeCount);
      max.removeCallback(observeMax);
      pending.removeCallback(observePending);
    };
  }

  /** Sums the open pools by name: several pools of one database are one series. */
  #totals(): Map<string, Totals> {
    const totals = new Map([...this.#observed].map((name) => [name, NO_CONNECTIONS]));
    for (const reference of this.#pools) {
      const pool = reference.deref();
      if (pool === undefined || pool.ended) {
        this.#pools.delete(reference);
        continue;
      }
      const name = this.#names.get(pool);
      if (name === undefined) continue; // it has not connected yet
      const sum = totals.get(name) ?? NO_CONNECTIONS;
      totals.set(name, {
        used: sum.used + pool.totalCount - pool.idleCount,
        idle: sum.idle + pool.idleCount,
        max: sum.max + pool.options.max,
        pending: sum.pending + pool.waitingCount,
      });
    }
    return totals;
  }
}

interface Totals {
  readonly used: number;
  readonly idle: number;
  readonly max: number;
  readonly pending: number;
}

const NO_CONNECTIONS: Totals = { used: 0, idle: 0, max: 0, pending: 0 };

function poolName({ host, port, database }: PoolClient): string {
  return `${host}:${port}/${database}`;
}

// In development in the semantic conventions 1.45, so not exported by their package's stable entry.
const METRIC_CONNECTION_COUNT = 'db.client.connection.count';
const METRIC_CONNECTION_MAX = 'db.client.connection.max';
const METRIC_CONNECTION_PENDING_REQUESTS = 'db.client.connection.pending_requests';
const ATTR_POOL_NAME = 'db.client.connection.pool.name';
const ATTR_CONNECTION_STATE = 'db.client.connection.state';

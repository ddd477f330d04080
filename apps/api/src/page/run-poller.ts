import { setTimeout as delay } from 'node:timers/promises';
import { untraced } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { listRunTraces, type RunTraceSummary } from '@hatchet-ts/storage/traces';

const POLL_MS = 1_000;
/** Number of a tenant's latest runs that are compared. */
const LATEST_RUNS = 30;

type Listener = (run: RunTraceSummary) => void;

/** Subscribers with the same filter, which share one poll. */
interface Channel {
  tenantId: string;
  children: boolean;
  listeners: Set<Listener>;
  /** JSON of each run at the last poll, by run id; undefined before the first poll, which only sets the base. */
  lastSent: Map<string, string> | undefined;
}

/** Notifies subscribers of each run of a tenant that is new or has changed. Polls only while there are subscribers. */
export class RunPoller {
  readonly #db: Database;
  readonly #stopping: AbortSignal;
  readonly #channels = new Map<string, Channel>();

  /** @param stopping ends all polling */
  constructor(db: Database, stopping: AbortSignal) {
    this.#db = db;
    this.#stopping = stopping;
  }

  /** @returns a function that ends the subscription */
  subscribe(tenantId: string, children: boolean, listener: Listener): () => void {
    const key = `${tenantId} ${children}`;
    const open = this.#channels.get(key);
    const channel = open ?? { tenantId, children, listeners: new Set(), lastSent: undefined };
    channel.listeners.add(listener);
    if (!open) {
      this.#channels.set(key, channel);
      void this.#run(key, channel);
    }
    return () => channel.listeners.delete(listener);
  }

  async #run(key: string, channel: Channel): Promise<void> {
    while (channel.listeners.size > 0 && !this.#stopping.aborted) {
      await this.#poll(channel);
      await delay(POLL_MS, undefined, { signal: this.#stopping }).catch(() => {});
    }
    this.#channels.delete(key);
  }

  async #poll(channel: Channel): Promise<void> {
    const { tenantId, children, listeners, lastSent } = channel;
    const page = { offset: 0, limit: LATEST_RUNS };
    const runs = await untraced(() => listRunTraces(this.#db, tenantId, { children }, page)).then(
      ({ rows }) => rows,
      () => [], // the database is not available: the next poll finds the changes
    );
    const current = new Map(runs.map((run) => [run.runId, JSON.stringify(run)]));
    for (const run of runs.toReversed()) {
      if (!lastSent || lastSent.get(run.runId) === current.get(run.runId)) continue;
      for (const listener of listeners) listener(run);
    }
    if (runs.length > 0 || !lastSent) channel.lastSent = current;
  }
}

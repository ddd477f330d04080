import { setTimeout as delay } from 'node:timers/promises';
import { untraced } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import {
  countSpans,
  currentCursor,
  listTracedRuns,
  NO_SPANS,
  type RunTraceSummary,
  runsWithArrivals,
  type SpanCounts,
  type SpanCursor,
} from '@hatchet-ts/storage/traces';
import type { Logger } from 'pino';

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
  /** Numbers of the spans of these runs, as of the cursor. */
  counts: Map<string, SpanCounts>;
  cursor: SpanCursor | undefined;
  /** Set while polls fail, so that a failure is logged once. */
  failing: boolean;
}

/** Notifies subscribers of each run of a tenant that is new or has changed. Polls only while there are subscribers. */
export class RunPoller {
  readonly #db: Database;
  readonly #logger: Logger;
  readonly #stopping: AbortSignal;
  readonly #channels = new Map<string, Channel>();

  /** @param stopping ends all polling */
  constructor(db: Database, logger: Logger, stopping: AbortSignal) {
    this.#db = db;
    this.#logger = logger;
    this.#stopping = stopping;
  }

  /** @returns a function that ends the subscription */
  subscribe(tenantId: string, children: boolean, listener: Listener): () => void {
    const key = `${tenantId} ${children}`;
    const open = this.#channels.get(key);
    const channel = open ?? createChannel(tenantId, children);
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
    const runs = await untraced(() => this.#latestRuns(channel)).catch((error: Error) => {
      if (!channel.failing)
        this.#logger.warn({ cause: error.message }, 'polling for runs failed; retrying every second');
      channel.failing = true;
      return undefined;
    });
    if (!runs) return;
    channel.failing = false;
    const { listeners, lastSent } = channel;
    const current = new Map(runs.map((run) => [run.runId, JSON.stringify(run)]));
    for (const run of runs.toReversed()) {
      if (!lastSent || lastSent.get(run.runId) === current.get(run.runId)) continue;
      for (const listener of listeners) listener(run);
    }
    channel.lastSent = current;
  }

  /** Counts the spans of a run again only if some have arrived. */
  async #latestRuns(channel: Channel): Promise<RunTraceSummary[]> {
    const { tenantId, children, counts } = channel;
    const cursor = await currentCursor(this.#db);
    const { rows } = await listTracedRuns(this.#db, tenantId, { children }, { offset: 0, limit: LATEST_RUNS });
    const ids = rows.map(({ runId }) => runId);
    const arrived = channel.cursor === undefined ? [] : await runsWithArrivals(this.#db, tenantId, ids, channel.cursor);
    const stale = ids.filter((id) => !counts.has(id) || arrived.includes(id));
    const counted = await countSpans(this.#db, tenantId, stale);
    const numbers = new Map(ids.map((id) => [id, (stale.includes(id) ? counted : counts).get(id) ?? NO_SPANS]));
    channel.counts = numbers;
    channel.cursor = cursor;
    return rows.map((run) => ({ ...run, ...numbers.get(run.runId)! }));
  }
}

function createChannel(tenantId: string, children: boolean): Channel {
  const listeners = new Set<Listener>();
  return { tenantId, children, listeners, lastSent: undefined, counts: new Map(), cursor: undefined, failing: false };
}

import { setTimeout as delay } from 'node:timers/promises';
import { untraced } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { listRunTraces, type RunTraceSummary } from '@hatchet-ts/storage/traces';

/** Milliseconds between two looks, which all who listen share. */
const EVERY_MS = 1_000;
/** Only what has happened lately is news. */
const LATEST = 30;

type Listener = (run: RunTraceSummary) => void;

interface Desk {
  listeners: Set<Listener>;
  /** What was told last, by run. */
  told: Map<string, string> | undefined;
}

/** Tells of a tenant's latest runs whenever one is new or has changed; looks at the database only while somebody listens. */
export interface RunNews {
  /** @returns ends the subscription. */
  listen(tenantId: string, children: boolean, listener: Listener): () => void;
}

/** @param stopping ends all looking. */
export function createRunNews(db: Database, stopping: AbortSignal): RunNews {
  const desks = new Map<string, Desk>();

  async function work(key: string, tenantId: string, children: boolean, desk: Desk): Promise<void> {
    while (desk.listeners.size > 0 && !stopping.aborted) {
      const runs = await untraced(() => listRunTraces(db, tenantId, { children }, { offset: 0, limit: LATEST })).then(
        ({ rows }) => rows,
        () => [], // the database is away: the next look tells
      );
      const told = new Map(runs.map((run) => [run.runId, JSON.stringify(run)]));
      for (const run of runs.toReversed()) {
        if (!desk.told || desk.told.get(run.runId) === told.get(run.runId)) continue;
        for (const listener of desk.listeners) listener(run);
      }
      if (runs.length > 0 || !desk.told) desk.told = told;
      await delay(EVERY_MS, undefined, { signal: stopping }).catch(() => {});
    }
    desks.delete(key);
  }

  return {
    listen(tenantId, children, listener) {
      const key = `${tenantId} ${children}`;
      const known = desks.get(key);
      const desk = known ?? { listeners: new Set(), told: undefined };
      desk.listeners.add(listener);
      if (!known) {
        desks.set(key, desk);
        void work(key, tenantId, children, desk);
      }
      return () => desk.listeners.delete(listener);
    },
  };
}

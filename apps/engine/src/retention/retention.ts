import { setTimeout as delay } from 'node:timers/promises';
import { untraced } from '@hatchet-ts/server-otel';
import type { Queryable } from '@hatchet-ts/storage';
import { prune, type RetentionKind } from '@hatchet-ts/storage/retention';

export interface RetentionDeps {
  db: Queryable;
  /** How long runs are kept after their end, and spans, events and log lines after they came, in milliseconds. */
  period: number;
  /** Between two passes, in milliseconds. */
  pause: number;
  mayRun(): boolean;
  onError(error: unknown): void;
}

const KINDS: RetentionKind[] = ['run', 'event', 'span', 'log line', 'schedule', 'worker'];
const BATCH = 1_000;
/** Leaves the database to others between two batches. */
const BREATH_MS = 20;

/** Deletes what is too old, now and from time to time. The function that it returns lets a batch that runs end. */
export function startRetention({ db, period, pause, mayRun, onError }: RetentionDeps): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const rest = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => {});

  async function pass(): Promise<void> {
    for (const what of KINDS) {
      for (let deleted = BATCH; deleted === BATCH && !signal.aborted && mayRun(); ) {
        deleted = await prune(db, what, new Date(Date.now() - period), BATCH);
        await rest(BREATH_MS);
      }
    }
  }

  const loop = untraced(async () => {
    while (!signal.aborted) {
      await pass().catch(onError);
      await rest(pause);
    }
  });
  return async () => {
    stopping.abort();
    await loop;
  };
}

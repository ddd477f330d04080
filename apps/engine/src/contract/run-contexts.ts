import type { Queryable } from '@hatchet-ts/storage';
import { runContext } from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import { runSpanContext } from '../runs/context.ts';
import type { WorkerPool } from '../scheduling/worker-pool.ts';
import { isUuid } from './fields.ts';

/** Finds the context of the run that a request is about: what workers have is in memory, the rest in the database. */
export interface RunContexts {
  ofAttempt(taskId: string, retryCount: number): Promise<SpanContext | undefined>;
  /** By the id of the run, or of one of its tasks. */
  ofRun(id: string): Promise<SpanContext | undefined>;
}

/** @param enabled whether this engine makes spans: else nobody needs a context. */
export function createRunContexts(db: Queryable, pool: WorkerPool, enabled: boolean): RunContexts {
  async function ofRun(id: string): Promise<SpanContext | undefined> {
    if (!enabled || !isUuid(id)) return undefined;
    const row = await runContext(db, id);
    return row && runSpanContext(row);
  }
  return {
    ofRun,
    async ofAttempt(taskId, retryCount) {
      const attempt = pool.attempt(taskId, retryCount);
      return attempt ? runSpanContext(attempt) : ofRun(taskId);
    },
  };
}

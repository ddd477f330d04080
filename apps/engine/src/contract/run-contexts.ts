import type { Queryable } from '@hatchet-ts/storage';
import { runContext } from '@hatchet-ts/storage/runs';
import type { SpanContext } from '@opentelemetry/api';
import { runSpanContext } from '../runs/context.ts';
import type { WorkerPool } from '../scheduling/worker-pool.ts';
import { isUuid } from './fields.ts';

/** Finds the context of the tenant's run that a request is about: what workers have is in memory, the rest in the database. */
export interface RunContexts {
  ofAttempt(tenantId: string, taskId: string, retryCount: number): Promise<SpanContext | undefined>;
  /** By the id of the run, or of one of its tasks. */
  ofRun(tenantId: string, id: string): Promise<SpanContext | undefined>;
}

/** @param enabled whether this engine makes spans: else nobody needs a context. */
export function createRunContexts(db: Queryable, pool: WorkerPool, enabled: boolean): RunContexts {
  async function ofRun(tenantId: string, id: string): Promise<SpanContext | undefined> {
    if (!enabled || !isUuid(id)) return undefined;
    const row = await runContext(db, id);
    return row?.tenantId === tenantId ? runSpanContext(row) : undefined;
  }
  return {
    ofRun,
    async ofAttempt(tenantId, taskId, retryCount) {
      const attempt = pool.attempt(taskId, retryCount);
      return attempt?.tenantId === tenantId ? runSpanContext(attempt) : ofRun(tenantId, taskId);
    },
  };
}

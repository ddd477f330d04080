import { type EventView, listEvents } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import type { Routes } from '../application.ts';
import { date, list, pageQuery, queryOf } from '../request.ts';
import { jsonOf, present } from '../shapes/json.ts';
import { listShape, metadata } from '../shapes/pagination.ts';

const QUERY = z.object({
  ...pageQuery(50, 1000),
  keys: list(z.string()),
  since: date.optional(),
  until: date.optional(),
});

export const eventRoutes: Routes = (app, { db }) => {
  app.get('/api/v1/stable/tenants/:tenant/events', async (c) => {
    const query = queryOf(c, QUERY);
    const tenantId = c.get('tenantId');
    const events = await listEvents(db, tenantId, query, query);
    return c.json(listShape(events, query, (event) => eventShape(event, tenantId)));
  });
};

/** Hatchet's `V1Event`. */
function eventShape({ id, key, payload, additionalMetadata, scope, createdAt, runs }: EventView, tenantId: string) {
  const having = (status: string) => runs.filter((run) => run.status === status).length;
  return present({
    metadata: metadata(id, createdAt),
    key,
    tenantId,
    additionalMetadata: jsonOf(additionalMetadata),
    payload: jsonOf(payload),
    scope,
    seenAt: createdAt.toISOString(),
    triggeredRuns: runs.map((run) => ({ workflowRunId: run.id })),
    workflowRunSummary: {
      running: having('RUNNING'),
      queued: having('QUEUED'),
      succeeded: having('COMPLETED'),
      failed: having('FAILED'),
      cancelled: having('CANCELLED'),
    },
  });
}

import { traceOfRun } from '@hatchet-ts/storage/traces';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import type { Routes } from '../application.ts';
import { pageQuery, queryOf } from '../request.ts';
import { listShape } from '../shapes/pagination.ts';
import { spanShape } from '../shapes/trace.ts';

const QUERY = z.object({ ...pageQuery(1000, 10_000), run_external_id: z.guid('must be the UUID of a run or task') });

export const traceRoutes: Routes = (app, { db }) => {
  app.get('/api/v1/stable/tenants/:tenant/traces', async (c) => {
    const { run_external_id: externalId, ...page } = queryOf(c, QUERY);
    const trace = await traceOfRun(db, c.get('tenantId'), externalId, page);
    if (!trace) throw new ApiError(404, 'workflow run not found');
    return c.json(listShape(trace, page, spanShape));
  });
};

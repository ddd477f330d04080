import { listWorkflows } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import type { Routes } from '../application.ts';
import { pageQuery, queryOf } from '../request.ts';
import { listShape, metadata } from '../shapes/pagination.ts';

const QUERY = z.object({ ...pageQuery(50, 1000), name: z.string().optional() });

export const workflowRoutes: Routes = (app, { db }) => {
  app.get('/api/v1/tenants/:tenant/workflows', async (c) => {
    const { name, ...page } = queryOf(c, QUERY);
    const tenantId = c.get('tenantId');
    const workflows = await listWorkflows(db, tenantId, name, page);
    return c.json(
      listShape(workflows, page, (workflow) => ({
        metadata: metadata(workflow.id, workflow.createdAt, workflow.updatedAt),
        name: workflow.name,
        description: workflow.description,
        tenantId,
      })),
    );
  });
};

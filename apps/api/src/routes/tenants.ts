import { findTenant } from '@hatchet-ts/storage/reads';
import { ApiError } from '../api-error.ts';
import type { Routes } from '../application.ts';
import { metadata } from '../shapes/pagination.ts';

export const tenantRoutes: Routes = (app, { db }) => {
  app.get('/api/v1/tenants/:tenant', async (c) => {
    const tenant = await findTenant(db, c.get('tenantId'));
    if (!tenant) throw new ApiError(404, 'the tenant of the token does not exist any more');
    const { id, name, slug, createdAt, updatedAt } = tenant;
    return c.json({ metadata: metadata(id, createdAt, updatedAt), name, slug, version: 'V1' });
  });
};

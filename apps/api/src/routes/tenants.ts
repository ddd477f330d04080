import { findTenant } from '@hatchet-ts/storage/reads';
import { ApiError } from '../errors/api-error.ts';
import { type Route, route } from '../routing/route.ts';
import { TENANT, tenantShape } from '../shapes/tenant.ts';

export const tenantRoutes: Route[] = [
  route({
    id: 'tenantGet',
    method: 'get',
    path: '/api/v1/tenants/{tenant}',
    summary: 'Returns the tenant of the token',
    answer: TENANT,
    async handle({ tenantId }, { db }) {
      const tenant = await findTenant(db, tenantId);
      if (!tenant) throw new ApiError(404, 'the tenant of the token no longer exists');
      return tenantShape(tenant);
    },
  }),
];

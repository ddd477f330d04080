import { z } from 'zod';
import manifest from '../../package.json' with { type: 'json' };
import { component } from '../routing/components.ts';
import { openApiDocument } from '../routing/openapi.ts';
import { type Route, route } from '../routing/route.ts';
import { cronRoutes } from './crons.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { runRoutes } from './runs.ts';
import { scheduleRoutes } from './schedules.ts';
import { taskRoutes } from './tasks.ts';
import { tenantRoutes } from './tenants.ts';
import { traceRoutes } from './traces.ts';
import { workerRoutes } from './workers.ts';
import { workflowRoutes } from './workflows.ts';

/** Routes that need the token of a tenant. */
export const TENANT_ROUTES: Route[] = [
  ...tenantRoutes,
  ...workerRoutes,
  ...workflowRoutes,
  ...scheduleRoutes,
  ...cronRoutes,
  ...runRoutes,
  ...taskRoutes,
  ...eventRoutes,
  ...traceRoutes,
];

const DOCUMENT = component('OpenApiDocument', z.record(z.string(), z.unknown()));

const openApiRoute = route({
  id: 'openApiGet',
  method: 'get',
  path: '/api/v1/openapi.json',
  summary: 'Returns this document',
  answer: DOCUMENT,
  handle: () => document,
});

/** Routes that need no token. */
export const OPEN_ROUTES: Route[] = [...healthRoutes, openApiRoute];

const document: z.output<typeof DOCUMENT> = {
  ...openApiDocument(TENANT_ROUTES, OPEN_ROUTES, manifest.version),
};

import type { Route } from '../routing/route.ts';
import { cronRoutes } from './crons.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { openApiRoute } from './openapi.ts';
import { runRoutes } from './runs.ts';
import { scheduleRoutes } from './schedules.ts';
import { taskRoutes } from './tasks.ts';
import { tenantRoutes } from './tenants.ts';
import { traceRoutes } from './traces.ts';
import { workerRoutes } from './workers.ts';
import { workflowRoutes } from './workflows.ts';

/** What wants the token of a tenant. */
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

/** What everybody may see. */
export const OPEN_ROUTES: Route[] = [...healthRoutes, openApiRoute(TENANT_ROUTES, healthRoutes)];

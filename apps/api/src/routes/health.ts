import { z } from 'zod';
import { component } from '../routing/components.ts';
import { type Route, route } from '../routing/route.ts';

const LIVE = component('Liveness', z.strictObject({ status: z.literal('ok') }));
const READY = component(
  'Readiness',
  z.strictObject({
    status: z.enum(['ok', 'unavailable']),
    database: z.enum(['ok', 'unavailable']),
    engine: z.enum(['ok', 'unreachable']),
  }),
);

export const healthRoutes: Route[] = [
  route({
    id: 'livenessGet',
    method: 'get',
    path: '/api/live',
    summary: 'Reports that the process runs',
    answer: LIVE,
    handle: () => ({ status: 'ok' as const }),
  }),
  route({
    id: 'readinessGet',
    method: 'get',
    path: '/api/ready',
    summary:
      'Reports if the database and the engine are available; 503 without the database. Reads work without the engine',
    answer: READY,
    status: ({ status }) => (status === 'ok' ? 200 : 503),
    async handle(_request, { db, engine }) {
      const [database, reachable] = await Promise.all([
        db.query('SELECT 1').then(
          () => 'ok' as const,
          () => 'unavailable' as const,
        ),
        engine.isReachable(),
      ]);
      return { status: database, database, engine: reachable ? ('ok' as const) : ('unreachable' as const) };
    },
  }),
];

/** Reports if a path is a probe's. */
export function isHealthPath(path: string): boolean {
  return healthRoutes.some((probe) => probe.path === path);
}

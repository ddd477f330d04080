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
    summary: 'Whether the process runs',
    answer: LIVE,
    handle: () => ({ status: 'ok' as const }),
  }),
  route({
    id: 'readinessGet',
    method: 'get',
    path: '/api/ready',
    summary: 'Whether the database can be read; 503 when not. Without the engine all reading goes on',
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

/** Probes come all the time and are nobody's request: they are not traced. */
export function isHealthPath(path: string): boolean {
  return healthRoutes.some((probe) => probe.path === path);
}

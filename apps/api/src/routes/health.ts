import type { Routes } from '../application.ts';

const LIVE = '/api/live';
const READY = '/api/ready';

/** Probes come all the time and are nobody's request: they are not traced. */
export function isHealthPath(path: string): boolean {
  return path === LIVE || path === READY;
}

export const healthRoutes: Routes = (app, { db, engine }) => {
  app.get(LIVE, (c) => c.json({ status: 'ok' }));

  // Without the engine all reading goes on, so it is reported and no more.
  app.get(READY, async (c) => {
    const [database, reachable] = await Promise.all([
      db.query('SELECT 1').then(
        () => true,
        () => false,
      ),
      engine.isReachable(),
    ]);
    const state = { database: database ? 'ok' : 'unavailable', engine: reachable ? 'ok' : 'unreachable' };
    return c.json({ status: database ? 'ok' : 'unavailable', ...state }, database ? 200 : 503);
  });
};

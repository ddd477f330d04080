import { listWorkers, setWorkerPaused, viewWorker, type WorkerView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import type { Routes } from '../application.ts';
import { bodyOf, uuidParam } from '../request.ts';
import { metadata } from '../shapes/pagination.ts';

const UPDATE = z.object({ isPaused: z.boolean() });

export const workerRoutes: Routes = (app, { db }) => {
  app.get('/api/v1/tenants/:tenant/worker', async (c) => {
    const workers = await listWorkers(db, c.get('tenantId'));
    return c.json({ pagination: { current_page: 1, next_page: 1, num_pages: 1 }, rows: workers.map(workerShape) });
  });

  app.get('/api/v1/workers/:worker', async (c) => {
    return c.json(workerShape(found(await viewWorker(db, c.get('tenantId'), uuidParam(c, 'worker')))));
  });

  app.patch('/api/v1/workers/:worker', async (c) => {
    const { isPaused } = await bodyOf(c, UPDATE);
    return c.json(workerShape(found(await setWorkerPaused(db, c.get('tenantId'), uuidParam(c, 'worker'), isPaused))));
  });
};

function found(worker: WorkerView | undefined): WorkerView {
  if (!worker) throw new ApiError(404, 'worker not found');
  return worker;
}

/** Hatchet's `Worker`. */
function workerShape({ id, name, status, actions, slots, labels, registeredAt, lastHeartbeatAt }: WorkerView) {
  return {
    metadata: metadata(id, registeredAt, lastHeartbeatAt),
    name,
    type: 'SELFHOSTED',
    status,
    actions,
    labels: Object.entries(labels).map(([key, value]) => ({
      metadata: metadata(id, registeredAt),
      key,
      value: String(value),
    })),
    lastHeartbeatAt: lastHeartbeatAt.toISOString(),
    lastListenerEstablished: registeredAt.toISOString(),
    slotConfig: Object.fromEntries(Object.entries(slots).map(([kind, limit]) => [kind, { limit }])),
  };
}

import { listWorkers, setWorkerPaused, viewWorker } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import { component } from '../routing/components.ts';
import { type Route, route } from '../routing/route.ts';
import { wholeList } from '../shapes/list.ts';
import { WORKER, WORKER_LIST, workerShape } from '../shapes/worker.ts';

const UPDATE = component('UpdateWorkerRequest', z.object({ isPaused: z.boolean() }));

export const workerRoutes: Route[] = [
  route({
    id: 'workerList',
    method: 'get',
    path: '/api/v1/tenants/{tenant}/worker',
    summary: 'The workers, the newest first',
    answer: WORKER_LIST,
    handle: async ({ tenantId }, { db }) => wholeList((await listWorkers(db, tenantId)).map(workerShape)),
  }),
  route({
    id: 'workerGet',
    method: 'get',
    path: '/api/v1/workers/{worker}',
    summary: 'One worker',
    answer: WORKER,
    handle: async ({ tenantId, params }, { db }) =>
      workerShape((await viewWorker(db, tenantId, params.worker)) ?? notFound()),
  }),
  route({
    id: 'workerUpdate',
    method: 'patch',
    path: '/api/v1/workers/{worker}',
    summary: 'Pauses a worker, which then gets no more tasks, or lets it go on',
    body: UPDATE,
    answer: WORKER,
    handle: async ({ tenantId, params, body }, { db }) =>
      workerShape((await setWorkerPaused(db, tenantId, params.worker, body.isPaused)) ?? notFound()),
  }),
];

function notFound(): never {
  throw new ApiError(404, 'worker not found');
}

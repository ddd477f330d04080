import { listWorkers, setWorkerPaused, viewWorker } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
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
    summary: 'Lists workers, newest first',
    answer: WORKER_LIST,
    handle: async ({ tenantId }, { db }) => wholeList((await listWorkers(db, tenantId)).map(workerShape)),
  }),
  route({
    id: 'workerGet',
    method: 'get',
    path: '/api/v1/workers/{worker}',
    summary: 'Returns a worker',
    answer: WORKER,
    handle: async ({ tenantId, params }, { db }) =>
      workerShape((await viewWorker(db, tenantId, params.worker)) ?? notFound()),
  }),
  route({
    id: 'workerUpdate',
    method: 'patch',
    path: '/api/v1/workers/{worker}',
    summary: 'Pauses a worker, so that it gets no more tasks, or resumes it',
    body: UPDATE,
    answer: WORKER,
    handle: async ({ tenantId, params, body }, { db }) =>
      workerShape((await setWorkerPaused(db, tenantId, params.worker, body.isPaused)) ?? notFound()),
  }),
];

function notFound(): never {
  throw new ApiError(404, HATCHET_TEXTS.workerNotFound);
}

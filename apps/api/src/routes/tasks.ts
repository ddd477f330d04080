import { viewTask } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import type { Routes } from '../application.ts';
import { bodyOf, date, uuidParam } from '../request.ts';
import { taskShape } from '../shapes/run.ts';

const CANCEL = z
  .object({
    externalIds: z.array(z.guid()).optional(),
    filter: z
      .object({
        since: date,
        until: date.optional(),
        statuses: z.array(z.string()).optional(),
        workflowIds: z.array(z.guid()).optional(),
        additionalMetadata: z.array(z.string()).optional(),
      })
      .optional(),
  })
  .refine(({ externalIds, filter }) => externalIds || filter, 'give externalIds or a filter');

export const taskRoutes: Routes = (app, { db, engine }) => {
  app.get('/api/v1/stable/tasks/:task', async (c) => {
    const task = await viewTask(db, c.get('tenantId'), uuidParam(c, 'task'));
    if (!task) throw new ApiError(404, 'task not found');
    return c.json(taskShape(task, { payloads: true }));
  });

  app.post('/api/v1/stable/tenants/:tenant/tasks/cancel', async (c) => {
    return c.json({ ids: await engine.cancelTasks(c.get('token'), await bodyOf(c, CANCEL)) });
  });
};

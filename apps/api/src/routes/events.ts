import { listEvents, viewEvent } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import { date, list, metadataPair, pageQuery } from '../routing/request.ts';
import { type Route, route } from '../routing/route.ts';
import { EVENT, EVENT_LIST, eventShape } from '../shapes/event.ts';
import { listShape } from '../shapes/list.ts';
import { STATUS } from '../shapes/run.ts';

const LIST = z.object({
  ...pageQuery(50, 1000),
  keys: list(z.string()),
  since: date.optional(),
  until: date.optional(),
  workflowIds: list(z.guid()),
  workflowRunStatuses: list(STATUS),
  eventIds: list(z.guid()),
  additionalMetadata: list(metadataPair),
  scopes: list(z.string()),
});

export const eventRoutes: Route[] = [
  route({
    id: 'v1EventList',
    method: 'get',
    path: '/api/v1/stable/tenants/{tenant}/events',
    summary: 'Lists events with the runs that they started, newest first',
    query: LIST,
    answer: EVENT_LIST,
    async handle({ tenantId, query }, { db }) {
      const { keys, scopes, since, until, workflowIds } = query;
      const filter = {
        keys,
        scopes,
        since,
        until,
        workflowIds,
        ids: query.eventIds,
        runStatuses: query.workflowRunStatuses,
        metadata: { pairs: query.additionalMetadata, operator: 'OR' as const },
      };
      return listShape(await listEvents(db, tenantId, filter, query), query, (event) => eventShape(event, tenantId));
    },
  }),
  route({
    id: 'v1EventGet',
    method: 'get',
    path: '/api/v1/stable/tenants/{tenant}/events/{event}',
    summary: 'Returns an event',
    answer: EVENT,
    async handle({ tenantId, params }, { db }) {
      const event = await viewEvent(db, tenantId, params.event);
      if (!event) throw new ApiError(404, HATCHET_TEXTS.eventNotFound);
      return eventShape(event, tenantId);
    },
  }),
];

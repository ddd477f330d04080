import type { Queryable } from '../database/transaction.ts';
import { condition, joinConditions, type MetadataFilter, metadataCondition } from '../sql/conditions.ts';
import { type Page, type Paged, selectPage } from '../sql/page.ts';
import type { ViewStatus } from './runs.ts';

/** A pushed event and the runs that it triggered. Payload and metadata are JSON text. */
export interface EventView {
  id: string;
  key: string;
  payload: string;
  additionalMetadata: string;
  scope: string | null;
  createdAt: Date;
  runs: { id: string; status: ViewStatus }[];
}

/** Filter for events. A missing field or an empty list restricts nothing. */
export interface EventListFilter {
  ids?: string[];
  keys?: string[];
  scopes?: string[];
  since?: Date;
  until?: Date;
  metadata?: MetadataFilter;
  /** Workflows of the runs that the event triggered. */
  workflowIds?: string[];
  /** Statuses of the runs that the event triggered. */
  runStatuses?: string[];
}

const EVENT = `SELECT e.id, e.key, e.payload, e.additional_metadata::text AS "additionalMetadata", e.scope,
    e.created_at AS "createdAt",
    (SELECT coalesce(json_agg(json_build_object('id', r.id, 'status', r.status) ORDER BY r.created_at), '[]')
     FROM run r WHERE r.event_id = e.id) AS runs
  FROM event e`;

/** Reads one event of a tenant. */
export async function viewEvent(db: Queryable, tenantId: string, id: string): Promise<EventView | undefined> {
  const { rows } = await db.query<EventView>(`${EVENT} WHERE e.tenant_id = $1 AND e.id = $2`, [tenantId, id]);
  return rows[0];
}

/** Lists a tenant's events, newest first. */
export async function listEvents(
  db: Queryable,
  tenantId: string,
  filter: EventListFilter,
  page: Page,
): Promise<Paged<EventView>> {
  const startedRun = (condition: string) => `EXISTS (SELECT FROM run r WHERE r.event_id = e.id AND ${condition})`;
  const where = joinConditions(
    [
      condition(filter.ids, (ids) => `e.id = ANY (${ids}::uuid[])`),
      condition(filter.keys, (keys) => `e.key = ANY (${keys}::text[])`),
      condition(filter.scopes, (scopes) => `e.scope = ANY (${scopes}::text[])`),
      condition(filter.since, (since) => `e.created_at >= ${since}`),
      condition(filter.until, (until) => `e.created_at <= ${until}`),
      condition(filter.workflowIds, (ids) => startedRun(`r.workflow_id = ANY (${ids}::uuid[])`)),
      condition(filter.runStatuses, (statuses) => startedRun(`r.status = ANY (${statuses}::text[])`)),
      metadataCondition('e.additional_metadata', filter.metadata),
    ],
    [tenantId],
  );
  return selectPage<EventView>(
    db,
    {
      select: EVENT,
      from: 'event e',
      where: `e.tenant_id = $1 AND ${where.sql}`,
      orderBy: 'e.created_at DESC, e.id DESC',
      params: where.params,
    },
    page,
  );
}

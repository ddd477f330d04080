import type { Queryable } from '../database/transaction.ts';
import { allOf, given, type MetadataFilter, metadataHas } from './conditions.ts';
import { countOf, type Page, type Paged, paging } from './page.ts';
import type { ViewStatus } from './runs.ts';

/** An event as it was pushed, and what it started. Payload and metadata are JSON texts. */
export interface EventView {
  id: string;
  key: string;
  payload: string;
  additionalMetadata: string;
  scope: string | null;
  createdAt: Date;
  runs: { id: string; status: ViewStatus }[];
}

/** What is left out restricts nothing; an empty list neither. */
export interface EventListFilter {
  ids?: string[];
  keys?: string[];
  scopes?: string[];
  since?: Date;
  until?: Date;
  metadata?: MetadataFilter;
  /** Those that started runs of these workflows, or in these states. */
  workflowIds?: string[];
  runStatuses?: string[];
}

const EVENT = `SELECT e.id, e.key, e.payload, e.additional_metadata::text AS "additionalMetadata", e.scope,
    e.created_at AS "createdAt",
    (SELECT coalesce(json_agg(json_build_object('id', r.id, 'status', r.status) ORDER BY r.created_at), '[]')
     FROM run r WHERE r.event_id = e.id) AS runs
  FROM event e`;

/** One event of a tenant. */
export async function viewEvent(db: Queryable, tenantId: string, id: string): Promise<EventView | undefined> {
  const { rows } = await db.query<EventView>(`${EVENT} WHERE e.tenant_id = $1 AND e.id = $2`, [tenantId, id]);
  return rows[0];
}

/** A tenant's events, newest first. */
export async function listEvents(
  db: Queryable,
  tenantId: string,
  filter: EventListFilter,
  page: Page,
): Promise<Paged<EventView>> {
  const startedRun = (condition: string) => `EXISTS (SELECT FROM run r WHERE r.event_id = e.id AND ${condition})`;
  const where = allOf(
    [
      given(filter.ids, (ids) => `e.id = ANY (${ids}::uuid[])`),
      given(filter.keys, (keys) => `e.key = ANY (${keys}::text[])`),
      given(filter.scopes, (scopes) => `e.scope = ANY (${scopes}::text[])`),
      given(filter.since, (since) => `e.created_at >= ${since}`),
      given(filter.until, (until) => `e.created_at <= ${until}`),
      given(filter.workflowIds, (ids) => startedRun(`r.workflow_id = ANY (${ids}::uuid[])`)),
      given(filter.runStatuses, (statuses) => startedRun(`r.status = ANY (${statuses}::text[])`)),
      metadataHas('e.additional_metadata', filter.metadata),
    ],
    [tenantId],
  );
  const source = `WHERE e.tenant_id = $1 AND ${where.sql}`;
  const { rows } = await db.query<EventView>(
    `${EVENT} ${source} ORDER BY e.created_at DESC, e.id DESC ${paging(page)}`,
    where.params,
  );
  return { total: await countOf(db, `event e ${source}`, where.params), rows };
}

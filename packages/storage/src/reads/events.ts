import type { Queryable } from '../database/transaction.ts';
import { countOf, type Page, type Paged } from './page.ts';
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
  keys?: string[];
  since?: Date;
  until?: Date;
}

/** A tenant's events, newest first. */
export async function listEvents(
  db: Queryable,
  tenantId: string,
  { keys = [], since, until }: EventListFilter,
  page: Page,
): Promise<Paged<EventView>> {
  const source = `event e
    WHERE e.tenant_id = $1 AND (cardinality($2::text[]) = 0 OR e.key = ANY ($2))
      AND e.created_at >= coalesce($3, '-infinity'::timestamptz)
      AND e.created_at <= coalesce($4, 'infinity'::timestamptz)`;
  const params = [tenantId, keys, since, until];
  const { rows } = await db.query<EventView>(
    `SELECT e.id, e.key, e.payload, e.additional_metadata::text AS "additionalMetadata", e.scope,
       e.created_at AS "createdAt",
       (SELECT coalesce(json_agg(json_build_object('id', r.id, 'status', r.status) ORDER BY r.created_at), '[]')
        FROM run r WHERE r.event_id = e.id) AS runs
     FROM ${source} ORDER BY e.created_at DESC, e.id DESC OFFSET $5 LIMIT $6`,
    [...params, page.offset, page.limit],
  );
  return { total: await countOf(db, source, params), rows };
}

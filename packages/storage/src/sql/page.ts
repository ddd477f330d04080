import type pg from 'pg';
import type { Queryable } from '../database/transaction.ts';

/** The requested part of a list. */
export interface Page {
  offset: number;
  limit: number;
}

/** One part of a list, and the length of the whole list. */
export interface Paged<Row> {
  total: number;
  rows: Row[];
}

/** A statement whose rows are returned page by page. */
export interface PagedStatement {
  /** `SELECT … FROM …`, without WHERE. */
  select: string;
  /** Tables to count over: the joins that filter, without those that only add columns. */
  from: string;
  where: string;
  orderBy: string;
  params: unknown[];
}

/** Reads one page of a list, and counts the whole list. */
export async function selectPage<Row extends pg.QueryResultRow>(
  db: Queryable,
  { select, from, where, orderBy, params }: PagedStatement,
  page: Page,
): Promise<Paged<Row>> {
  const { rows } = await db.query<Row>(`${select} WHERE ${where} ORDER BY ${orderBy} ${paging(page)}`, params);
  const counted = await db.query<{ total: number }>(
    `SELECT count(*)::int AS total FROM ${from} WHERE ${where}`,
    params,
  );
  return { total: counted.rows[0]?.total ?? 0, rows };
}

/** Formats the OFFSET and LIMIT clauses of a page. */
export function paging({ offset, limit }: Page): string {
  return `OFFSET ${Math.trunc(offset)} LIMIT ${Math.trunc(limit)}`;
}

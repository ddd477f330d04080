import type { Queryable } from '../database/transaction.ts';

/** Which part of a list is wanted. */
export interface Page {
  offset: number;
  limit: number;
}

/** A part of a list, and how long the whole is. */
export interface Paged<Row> {
  total: number;
  rows: Row[];
}

/** How many rows `SELECT … FROM source` has. */
export async function countOf(db: Queryable, source: string, params: unknown[]): Promise<number> {
  const { rows } = await db.query<{ total: number }>(`SELECT count(*)::int AS total FROM ${source}`, params);
  return rows[0]?.total ?? 0;
}

/** The end of a statement that gives this part. */
export function paging({ offset, limit }: Page): string {
  return `OFFSET ${Math.trunc(offset)} LIMIT ${Math.trunc(limit)}`;
}

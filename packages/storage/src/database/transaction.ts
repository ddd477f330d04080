import type pg from 'pg';

/** What can run a statement: a {@link Database}, or the transaction that it hands out. */
export interface Queryable {
  /** Runs one statement; give `{ name, text }` to have the server keep its plan. */
  query<Row extends pg.QueryResultRow>(
    statement: string | pg.QueryConfig,
    params?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

/** Runs `work` between BEGIN and COMMIT on a connection of its own. */
export async function transactionOn<T>(pool: pg.Pool, work: (transaction: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks between two statements reports it here and by failing the next one; the latter suffices.
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work({ query: (statement, params) => client.query(statement, params) });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

function ignore(): void {}

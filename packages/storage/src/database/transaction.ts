import type pg from 'pg';

/** Runs statements: a `Database`, or the transaction that it opens. */
export interface Queryable {
  /** Runs one statement. With `{ name, text }`, PostgreSQL keeps its plan. */
  query<Row extends pg.QueryResultRow>(
    statement: string | pg.QueryConfig,
    params?: unknown[],
  ): Promise<pg.QueryResult<Row>>;
}

/** Runs `work` between BEGIN and COMMIT on a connection of its own. */
export async function runTransaction<T>(pool: pg.Pool, work: (transaction: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks between two statements emits an error and fails the next statement; the failure is enough.
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work({ query: (statement, params) => client.query(statement, params) });
    await client.query('COMMIT');
    return result;
  } catch (error) {
    if (isTimeout(error)) broken = error;
    else {
      await client.query('ROLLBACK').catch((failure: Error) => {
        broken = failure;
      });
    }
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

/** True if a statement got no answer: another one would wait as long, and closing the connection rolls back, too. */
function isTimeout(error: unknown): error is Error {
  return error instanceof Error && error.message === 'Query read timeout';
}

function ignore(): void {}

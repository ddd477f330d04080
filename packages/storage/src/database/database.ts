import pg from 'pg';
import { type Listen, notificationListener } from './listen.ts';
import { type Queryable, transactionOn } from './transaction.ts';

/** Where a {@link Database} connects and how many connections it may hold. */
export interface DatabaseOptions {
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Most connections of the pool; the one that listens comes on top. Default 10. */
  max?: number;
  /** How long a query waits for a connection, in milliseconds. Default 10,000. */
  connectTimeoutMs?: number;
}

/** One PostgreSQL database: a pool of connections and one more that listens. */
export interface Database extends Queryable {
  /**
   * Runs `work` in a transaction: commits its effects when it returns, rolls them back when it throws (and rethrows).
   * The connection goes back to the pool in either case.
   */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T>;
  /** Subscribes to a NOTIFY channel; resolves to the function that ends the subscription. */
  listen: Listen;
  /** Ends all connections, once running queries are done. Further calls do nothing. */
  close(): Promise<void>;
}

/**
 * Opens a pool on a `postgres://` URL. No connection is made before the first query.
 *
 * Values come back as `pg` reads them: `int8` and `numeric` as strings (exact), `timestamptz` as `Date` (milliseconds),
 * `json` and `jsonb` parsed, `bytea` as `Buffer`.
 *
 * @throws TypeError when the URL is not one of PostgreSQL; its message does not repeat the URL, which holds a password.
 */
export function createDatabase(url: string, options: DatabaseOptions): Database {
  assertPostgresUrl(url);
  const connection = {
    connectionString: url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
    keepAlive: true,
  };
  const pool = new pg.Pool({ ...connection, max: options.max ?? 10 });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on('error', () => {});
  const listener = notificationListener(() => new pg.Client(connection));
  let closed: Promise<void> | undefined;

  return {
    query: (statement, params) => pool.query(statement, params),
    transaction: (work) => transactionOn(pool, work),
    listen: listener.listen,
    close() {
      closed ??= Promise.all([listener.close(), pool.end()]).then(() => {});
      return closed;
    },
  };
}

function assertPostgresUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && ['postgres:', 'postgresql:'].includes(parsed.protocol)) return;
  throw new TypeError('the database URL must look like postgres://user:password@host:5432/name');
}

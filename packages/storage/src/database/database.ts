import pg from 'pg';
import { NotificationListener, type OnNotification } from './notification-listener.ts';
import { type Queryable, runTransaction } from './transaction.ts';

/** Settings of a {@link Database}. */
export interface DatabaseOptions {
  /** Shown in `pg_stat_activity`. */
  applicationName: string;
  /** Size of the pool. The connection that listens for notifications is not part of it. Default 10. */
  max?: number;
  /** Time that a query waits for a connection, in milliseconds. Default 10,000. */
  connectTimeoutMs?: number;
  /** Time that a statement runs, and that a transaction is idle, before PostgreSQL ends it. In milliseconds, default 30,000. */
  statementTimeoutMs?: number;
  /** Time after which a statement without an answer fails and its connection is closed. In milliseconds, default 35,000. */
  answerTimeoutMs?: number;
}

/** Silence after which the operating system probes a connection: it reports the loss of an idle one within seconds, not hours. */
const PROBE_AFTER_MS = 10_000;

/**
 * One PostgreSQL database: a pool of connections, and one more that listens for notifications. It opens no connection
 * before the first query.
 *
 * `pg` reads the values: `int8` and `numeric` as strings (exact), `timestamptz` as `Date` (milliseconds), `json` and
 * `jsonb` parsed, `bytea` as `Buffer`.
 */
export class Database implements Queryable {
  readonly #pool: pg.Pool;
  readonly #listener: NotificationListener;
  #closed: Promise<void> | undefined;

  /** @throws TypeError if the URL is not a `postgres://` URL. The message omits the URL, which contains a password. */
  constructor(url: string, options: DatabaseOptions) {
    assertPostgresUrl(url);
    const statementTimeoutMs = options.statementTimeoutMs ?? 30_000;
    const connection = {
      connectionString: url,
      application_name: options.applicationName,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
      statement_timeout: statementTimeoutMs,
      // Frees the locks of a transaction whose client vanished.
      idle_in_transaction_session_timeout: statementTimeoutMs,
      // PostgreSQL's own timeout comes first; this one is for connections that are silent.
      query_timeout: options.answerTimeoutMs ?? 35_000,
      keepAlive: true,
      keepAliveInitialDelayMillis: PROBE_AFTER_MS,
    };
    this.#pool = new pg.Pool({ ...connection, max: options.max ?? 10 });
    // The next query replaces an idle connection that breaks. Without a listener, the error would end the process.
    this.#pool.on('error', () => {});
    this.#listener = new NotificationListener(() => new pg.Client(connection));
  }

  query<Row extends pg.QueryResultRow>(
    statement: string | pg.QueryConfig,
    params?: unknown[],
  ): Promise<pg.QueryResult<Row>> {
    return this.#pool.query<Row>(statement, params);
  }

  /** Runs `work` in a transaction: commits when it returns, rolls back and rethrows when it throws. */
  transaction<T>(work: (transaction: Queryable) => Promise<T>): Promise<T> {
    return runTransaction(this.#pool, work);
  }

  /** Subscribes to a NOTIFY channel. Resolves, once PostgreSQL listens, to the function that ends the subscription. */
  listen(channel: string, onNotification: OnNotification): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, onNotification);
  }

  /** Closes all connections after running queries have finished. Further calls do nothing. */
  close(): Promise<void> {
    this.#closed ??= Promise.all([this.#listener.close(), this.#pool.end()]).then(() => {});
    return this.#closed;
  }
}

function assertPostgresUrl(url: string): void {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && ['postgres:', 'postgresql:'].includes(parsed.protocol)) return;
  throw new TypeError('the database URL must look like postgres://user:password@host:5432/name');
}

import pg from 'pg';

/** Key of the advisory lock that the scheduling engine of a database holds. */
const LOCK = 0x48_41_54_45;

/** Callbacks and settings of an {@link EngineLock}. */
export interface EngineLockOptions {
  applicationName: string;
  /** Called when the connection that held the lock broke: another engine may take the lock now. */
  onLost(error: Error): void;
  /** Called when this process holds the lock again after it was lost. */
  onRegained(): void;
  /** Pause between attempts to regain the lock, in milliseconds. Default 1,000. */
  retryMs?: number;
  /** Pause between two pings over the lock's connection, and the time that each may take. Default 5,000 ms. */
  pingMs?: number;
}

const PING_MS = 5_000;
/** Time to connect, and for each statement that takes the lock. */
const TAKE_MS = 10_000;

/**
 * Takes the lock, and makes PostgreSQL probe an idle connection after 10 s and drop it after three lost probes. PostgreSQL
 * then frees the lock of a host that vanished after 25 s; with the system's default it keeps it for two hours. The holder
 * notices a silent connection by its pings, after at most 10 s, so two engines never hold the lock.
 */
const TAKE = `SELECT pg_try_advisory_lock($1) AS taken, set_config('tcp_keepalives_idle', '10', false),
  set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`;

/** Another engine holds the lock of this database. */
export class EngineLockHeldError extends Error {
  override readonly name = 'EngineLockHeldError';
}

/** The lock that allows only one engine per database. It has a connection of its own, and is lost with it. */
export class EngineLock {
  readonly #url: string;
  readonly #options: EngineLockOptions;
  #released = false;
  #retry: NodeJS.Timeout | undefined;
  #ping: NodeJS.Timeout | undefined;
  #holder: pg.Client | undefined;

  private constructor(url: string, options: EngineLockOptions) {
    this.#url = url;
    this.#options = options;
  }

  /**
   * Acquires the lock, and acquires it again whenever its connection was lost.
   *
   * @throws EngineLockHeldError that names the engine which holds the lock.
   */
  static async acquire(url: string, options: EngineLockOptions): Promise<EngineLock> {
    const lock = new EngineLock(url, options);
    await lock.#take();
    return lock;
  }

  /** Reports if this process holds the lock now. It does not while the lock's connection is down. */
  isHeld(): boolean {
    return this.#holder !== undefined;
  }

  async release(): Promise<void> {
    this.#released = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#ping);
    await this.#holder?.end().catch(() => {});
  }

  async #take(): Promise<void> {
    const { applicationName, onLost } = this.#options;
    const client = new pg.Client({
      connectionString: this.#url,
      application_name: applicationName,
      connectionTimeoutMillis: TAKE_MS,
      query_timeout: TAKE_MS,
    });
    let broken = new Error('the connection was closed');
    client.on('error', (error) => {
      broken = error;
    });
    await client.connect();
    try {
      const { rows } = await client.query<{ taken: boolean }>(TAKE, [LOCK]);
      if (!rows[0]?.taken) throw new EngineLockHeldError(await describeHolder(client));
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    this.#holder = client;
    client.on('end', () => {
      clearTimeout(this.#ping);
      this.#holder = undefined;
      if (this.#released) return;
      onLost(broken);
      this.#retryLater();
    });
    this.#pingLater(client, (error) => {
      broken = error;
    });
  }

  /** Pings PostgreSQL over the lock's connection, and closes the connection if no answer comes in time. */
  #pingLater(client: pg.Client, onSilent: (error: Error) => void): void {
    const { pingMs = PING_MS } = this.#options;
    const ping: pg.QueryConfig & { query_timeout: number } = { text: 'SELECT 1', query_timeout: pingMs };
    this.#ping = setTimeout(() => {
      client.query(ping).then(
        () => {
          if (this.#holder === client && !this.#released) this.#pingLater(client, onSilent);
        },
        () => {
          onSilent(new Error(`PostgreSQL did not answer within ${pingMs} ms`));
          // Destroys the socket, because the query is still active.
          client.end().catch(() => {});
        },
      );
    }, pingMs);
  }

  async #regain(): Promise<void> {
    try {
      await this.#take();
      if (this.#released) await this.#holder?.end();
      else this.#options.onRegained();
    } catch {
      if (!this.#released) this.#retryLater();
    }
  }

  #retryLater(): void {
    this.#retry = setTimeout(() => this.#regain(), this.#options.retryMs ?? 1_000);
  }
}

async function describeHolder(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string; pid: number; address: string | null; since: Date }>(
    `SELECT a.application_name AS name, a.pid, a.client_addr::text AS address, a.backend_start AS since
     FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.objid = $1 AND l.granted
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [LOCK],
  );
  const [other] = rows;
  if (!other) return 'another engine has just released the lock of this database: start again';
  const from = other.address ? ` from ${other.address}` : '';
  return (
    `another engine schedules on this database: "${other.name}"${from}, ` +
    `PostgreSQL backend ${other.pid}, since ${other.since.toISOString()}. Stop it, or use a separate database`
  );
}

import pg from 'pg';

/** Names the advisory lock of the one engine that schedules on a database. */
const LOCK = 0x48_41_54_45;

/** The lock that makes an engine the only one on its database. */
export interface EngineLock {
  /** Whether this process holds it now: false while its connection is away. */
  held(): boolean;
  /** Gives it back. */
  release(): Promise<void>;
}

export interface EngineLockOptions {
  applicationName: string;
  /** The connection that held the lock broke: another engine may take it. */
  onLost(error: Error): void;
  /** It is held again, after it was lost. */
  onRegained(): void;
  /** Pause between attempts to get it again, in milliseconds. Default 1,000. */
  retryMs?: number;
}

/** Another engine has the database. */
export class EngineLockHeldError extends Error {
  override readonly name = 'EngineLockHeldError';
}

/**
 * Takes the lock on a connection of its own, for as long as that lives; taken again when the connection was lost.
 *
 * @throws EngineLockHeldError that says who holds it.
 */
export async function holdEngineLock(url: string, options: EngineLockOptions): Promise<EngineLock> {
  let released = false;
  let retry: NodeJS.Timeout | undefined;
  let holder: pg.Client | undefined;

  async function take(): Promise<void> {
    const client = new pg.Client({ connectionString: url, application_name: options.applicationName, keepAlive: true });
    let broken = new Error('the connection was closed');
    client.on('error', (error) => {
      broken = error;
    });
    await client.connect();
    try {
      const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [LOCK]);
      if (!rows[0]?.taken) throw new EngineLockHeldError(await describeHolder(client));
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    holder = client;
    client.on('end', () => {
      holder = undefined;
      if (released) return;
      options.onLost(broken);
      retry = setTimeout(regain, options.retryMs ?? 1_000);
    });
  }

  async function regain(): Promise<void> {
    try {
      await take();
      if (released) await holder?.end();
      else options.onRegained();
    } catch {
      if (!released) retry = setTimeout(regain, options.retryMs ?? 1_000);
    }
  }

  await take();
  return {
    held: () => holder !== undefined,
    async release() {
      released = true;
      clearTimeout(retry);
      await holder?.end().catch(() => {});
    },
  };
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
  if (!other) return 'another engine held the lock of this database a moment ago: start again';
  const from = other.address ? ` from ${other.address}` : '';
  return (
    `another engine schedules on this database: "${other.name}"${from}, ` +
    `PostgreSQL backend ${other.pid}, since ${other.since.toISOString()}. Stop it, or use a database of your own`
  );
}

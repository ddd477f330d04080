import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { startEmbeddedPostgres } from '@hatchet-ts/storage/embedded';
import { errorLine, StartError } from './errors.ts';
import { processIdentity } from './process-record.ts';
import type { StartSettings } from './settings.ts';

/** The tenant that the migrations create. */
export const TENANT_ID = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

const POLL_INTERVAL_MS = 500;

export interface OpenedDatabase {
  url: string;
  /** Address and origin, without the password. */
  description: string;
  /** Resolves if a private server ends unexpectedly; never for a database of the user's. */
  lost: Promise<StartError>;
  stop(): Promise<void>;
}

/** @throws StartError if the private PostgreSQL does not start */
export async function openDatabase({ databaseUrl, dataDir }: StartSettings): Promise<OpenedDatabase> {
  if (databaseUrl) {
    const description = `${withoutPassword(databaseUrl)} (DATABASE_URL)`;
    return { url: databaseUrl, description, lost: new Promise(() => {}), stop: async () => {} };
  }
  const folder = join(dataDir, 'postgres');
  try {
    const { url, stop } = await startEmbeddedPostgres({ dataDir: folder });
    const watch = await watchPostgres(folder);
    return {
      url,
      description: `${withoutPassword(url)}, a private one with its data in ${folder}`,
      lost: watch.lost,
      stop: () => (watch.end() ? stop() : Promise.resolve()),
    };
  } catch (cause) {
    throw new StartError(`cannot start the private PostgreSQL: ${errorLine(cause)}`, 1, { cause });
  }
}

export interface Tokens {
  /** For workers and clients of the tenant. */
  tenant: string;
  /** For the services' own export. */
  operator: string;
}

/**
 * Creates the schema, and two tokens that contain the addresses.
 *
 * @throws StartError if the database cannot be reached or used
 */
export async function prepareDatabase(
  url: string,
  addresses: { serverUrl: string; grpcAddress: string },
): Promise<Tokens> {
  try {
    const database = new Database(url, { applicationName: 'hatchet-start', max: 1 });
    try {
      await migrate(database);
      return {
        tenant: await issueToken(database, { tenantId: TENANT_ID, ...addresses }),
        operator: await issueToken(database, { scope: 'operator', ...addresses }),
      };
    } finally {
      await database.close();
    }
  } catch (cause) {
    throw new StartError(`cannot use the database ${withoutPassword(url)}: ${errorLine(cause)}`, 1, { cause });
  }
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'of DATABASE_URL';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/**
 * Polls the PostgreSQL server of a data directory, which is not a child of this process.
 *
 * @returns `end` stops the polling and returns whether the server was still running
 */
async function watchPostgres(folder: string): Promise<{ lost: Promise<StartError>; end: () => boolean }> {
  const pid = Number.parseInt(await readFile(join(folder, 'postmaster.pid'), 'utf8'), 10);
  const identity = await processIdentity(pid);
  const { promise: lost, resolve } = Promise.withResolvers<StartError>();
  let isRunning = true;
  const timer = setInterval(async () => {
    if ((await processIdentity(pid)) === identity || !isRunning) return;
    isRunning = false;
    clearInterval(timer);
    resolve(new StartError(`PostgreSQL ended unexpectedly; log: ${join(folder, 'server.log')}`));
  }, POLL_INTERVAL_MS);
  const end = (): boolean => {
    clearInterval(timer);
    const wasRunning = isRunning;
    isRunning = false;
    return wasRunning;
  };
  return { lost, end };
}

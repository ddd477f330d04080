import { join } from 'node:path';
import { createDatabase, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { startEmbeddedPostgres } from '@hatchet-ts/storage/embedded';
import { watchPostgres } from './postgres-watch.ts';
import type { StartSettings } from './settings.ts';
import { StartError } from './start-error.ts';

/** The tenant that the migrations make. */
export const TENANT_ID = '707d0855-80ab-4e1f-a156-f1c4546cbf52';

export interface OpenedDatabase {
  url: string;
  /** Where it is, without its password. */
  description: string;
  /** Resolves when a private server has ended by itself. A database of the user's may go and come. */
  lost: Promise<StartError>;
  stop(): Promise<void>;
}

/** @throws StartError when the private PostgreSQL does not start */
export async function openDatabase({ databaseUrl, dataDir }: StartSettings): Promise<OpenedDatabase> {
  if (databaseUrl) {
    const description = `${located(databaseUrl)} (DATABASE_URL)`;
    return { url: databaseUrl, description, lost: new Promise(() => {}), stop: async () => {} };
  }
  const folder = join(dataDir, 'postgres');
  try {
    const { url, stop } = await startEmbeddedPostgres({ dataDir: folder });
    const watched = await watchPostgres(folder);
    return {
      url,
      description: `${located(url)}, a private one with its data in ${folder}`,
      lost: watched.lost,
      stop: () => (watched.end() ? stop() : Promise.resolve()),
    };
  } catch (cause) {
    throw new StartError(`the private PostgreSQL does not start: ${oneLine(cause)}`, 1, { cause });
  }
}

export interface Tokens {
  /** For workers and clients of the tenant. */
  tenant: string;
  /** For the services' own export. */
  operator: string;
}

/**
 * Makes the schema and two tokens that name the addresses.
 *
 * @throws StartError when the database cannot be reached or used
 */
export async function prepareDatabase(
  url: string,
  addresses: { serverUrl: string; grpcAddress: string },
): Promise<Tokens> {
  try {
    const database = createDatabase(url, { applicationName: 'hatchet-start', max: 1 });
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
    throw new StartError(`the database ${located(url)} cannot be used: ${oneLine(cause)}`, 1, { cause });
  }
}

function located(url: string): string {
  if (!URL.canParse(url)) return 'of DATABASE_URL';
  const { host, pathname } = new URL(url);
  return `${host}${pathname}`;
}

/** A refused connection to a name with several addresses has an empty message and a code. */
export function oneLine(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return (message || code || String(error)).split('\n').filter(Boolean).join(' ');
}

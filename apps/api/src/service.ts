import { once } from 'node:events';
import type { Server } from 'node:http';
import { untraced } from '@hatchet-ts/server-otel';
import { describeError, type RunningService } from '@hatchet-ts/service';
import { Database, migrate } from '@hatchet-ts/storage';
import { createTokenVerifier, type TokenVerifier } from '@hatchet-ts/storage/credentials';
import { createAdaptorServer } from '@hono/node-server';
import type { Logger } from 'pino';
import { createApplication } from './application.ts';
import { closeServer } from './close-server.ts';
import type { Configuration } from './configuration.ts';
import { connectEngine } from './engine.ts';
import type { DevelopmentSession } from './page/session.ts';
import { createTriggers } from './triggers.ts';

/** How long requests that are under way may take once the service stops. */
const GRACE_MS = 3_000;

/**
 * Brings the database's schema up to date and serves the API.
 *
 * @throws Error with one clear line when the database cannot be used or the port is taken.
 */
export async function startService(configuration: Configuration, logger: Logger): Promise<RunningService> {
  const db = new Database(configuration.databaseUrl, { applicationName: 'hatchet-api' });
  try {
    await prepare(db);
    const engine = connectEngine(configuration.engineAddress);
    const stopping = new AbortController();
    const verifyToken = createTokenVerifier(db);
    const application = createApplication(
      {
        db,
        engine,
        logger,
        triggers: createTriggers(configuration.engineAddress),
        verifyToken,
        stopping: stopping.signal,
      },
      { session: await developmentSession(configuration, verifyToken) },
    );
    const server = createAdaptorServer({ fetch: application.fetch }) as Server;
    const address = await listen(server, configuration);
    return {
      address,
      async stop() {
        stopping.abort();
        await closeServer(server, GRACE_MS);
        engine.close();
        await db.close();
      },
    };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** @throws Error when the token of the page is none, or not a tenant's */
async function developmentSession(
  { pageToken }: Configuration,
  verify: TokenVerifier,
): Promise<DevelopmentSession | undefined> {
  if (!pageToken) return undefined;
  const { tenantId, scope } = await verify(pageToken).catch((error: Error) => {
    throw new Error(`SERVER_PAGE_TOKEN cannot be used: ${error.message}`);
  });
  if (scope !== 'tenant') throw new Error('SERVER_PAGE_TOKEN is an operator token: give it a tenant token');
  return { token: pageToken, tenantId };
}

async function prepare(db: Database): Promise<void> {
  try {
    await untraced(() => migrate(db));
  } catch (error) {
    throw new Error(`cannot use the database: ${describeError(error)}`, { cause: error });
  }
}

async function listen(server: Server, { bindAddress, port }: Configuration): Promise<string> {
  server.listen(port, bindAddress);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(`cannot listen on ${bindAddress}:${port}: ${describeError(error)}`, { cause: error });
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server has no TCP address');
  return `${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
}

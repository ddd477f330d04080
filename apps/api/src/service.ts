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
import { EngineClient } from './engine/engine-client.ts';
import { RunTrigger } from './engine/run-trigger.ts';
import type { DevelopmentSession } from './page/development-session.ts';

/** Longest time, in milliseconds, that requests under way may take once the service stops. */
const GRACE_MS = 3_000;

/**
 * Migrates the database and serves the API.
 *
 * @throws Error with one line if the database or the token of the page cannot be used, or the port is taken
 */
export async function startService(configuration: Configuration, logger: Logger): Promise<RunningService> {
  const db = new Database(configuration.databaseUrl, { applicationName: 'hatchet-api' });
  try {
    await untraced(() => migrate(db)).catch(prefixError('cannot use the database'));
    const verifyToken = createTokenVerifier(db);
    const session = await developmentSession(configuration, verifyToken);
    const engine = new EngineClient(configuration.engineAddress);
    const runTrigger = new RunTrigger(configuration.engineAddress);
    const stopping = new AbortController();
    const application = createApplication(
      { db, engine, runTrigger, verifyToken, logger, stopping: stopping.signal },
      { session },
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

async function developmentSession(
  { pageToken }: Configuration,
  verify: TokenVerifier,
): Promise<DevelopmentSession | undefined> {
  if (!pageToken) return undefined;
  const { tenantId, scope } = await verify(pageToken).catch(prefixError('SERVER_PAGE_TOKEN cannot be used'));
  if (scope !== 'tenant') throw new Error('SERVER_PAGE_TOKEN is an operator token: use a tenant token');
  return { token: pageToken, tenantId };
}

async function listen(server: Server, { bindAddress, port }: Configuration): Promise<string> {
  server.listen(port, bindAddress);
  await once(server, 'listening').catch(prefixError(`cannot listen on ${bindAddress}:${port}`));
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server has no TCP address');
  return `${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
}

/** Creates a rejection handler that puts the effect of an error before its cause. */
function prefixError(effect: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${effect}: ${describeError(error)}`, { cause: error });
  };
}

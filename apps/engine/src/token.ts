import { parseArgs } from 'node:util';
import { Database, migrate } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';

const USAGE = `usage: token.ts --tenant <uuid> | --operator [--expires-in <seconds>]

Prints one API token on stdout. Environment:
  DATABASE_URL                   the engine's database (required)
  SERVER_URL                     URL of the REST API stored in the token (http://127.0.0.1:8080)
  SERVER_GRPC_BROADCAST_ADDRESS  host:port of the engine stored in the token (127.0.0.1:7070)`;

process.exitCode = await main();

async function main(): Promise<number> {
  const request = requestFromArguments();
  const { DATABASE_URL } = process.env;
  if (!request || !DATABASE_URL) {
    console.error(request ? `DATABASE_URL is not set\n\n${USAGE}` : USAGE);
    return 2;
  }
  try {
    const db = new Database(DATABASE_URL, { applicationName: 'hatchet-token', max: 1 });
    try {
      await migrate(db);
      console.log(await issueToken(db, request));
      return 0;
    } finally {
      await db.close();
    }
  } catch (error) {
    console.error(error instanceof Error ? error.message || 'cannot reach the database' : 'could not issue a token');
    return 1;
  }
}

function requestFromArguments(): Parameters<typeof issueToken>[1] | undefined {
  const addresses = {
    serverUrl: process.env.SERVER_URL || 'http://127.0.0.1:8080',
    grpcAddress: process.env.SERVER_GRPC_BROADCAST_ADDRESS || '127.0.0.1:7070',
  };
  try {
    const { values } = parseArgs({
      options: { tenant: { type: 'string' }, operator: { type: 'boolean' }, 'expires-in': { type: 'string' } },
    });
    const { tenant, operator = false } = values;
    if (operator === (tenant !== undefined)) return undefined;
    const expiresInSeconds = values['expires-in'] === undefined ? undefined : Number(values['expires-in']);
    if (expiresInSeconds !== undefined && !(expiresInSeconds > 0)) return undefined;
    return { ...addresses, expiresInSeconds, ...(operator ? { scope: 'operator' } : { tenantId: tenant }) };
  } catch {
    return undefined;
  }
}

import { createServer } from 'node:net';
import { Database } from '@hatchet-ts/storage';
import { issueToken } from '@hatchet-ts/storage/credentials';
import { type TemporaryDatabase, temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TENANT } from './testing/installation.ts';
import { runService, startService } from './testing/service-process.ts';

const ENGINE = { SERVER_GRPC_BROADCAST_ADDRESS: '127.0.0.1:1' };

describe('the API service', () => {
  let temporary: TemporaryDatabase;

  beforeAll(async () => {
    temporary = await temporaryDatabase();
  });

  afterAll(() => temporary.drop());

  const environment = (more: Record<string, string> = {}) => ({
    DATABASE_URL: temporary.url,
    SERVER_PORT: '0',
    ...ENGINE,
    ...more,
  });

  it('logs its address, answers its probes without an engine, and stops on SIGTERM with status 0', async () => {
    const service = await startService('api', environment());
    const get = async (path: string) => {
      const response = await fetch(`http://${service.address}${path}`);
      return [response.status, await response.json()];
    };
    expect(await get('/api/live')).toEqual([200, { status: 'ok' }]);
    expect(await get('/api/ready')).toEqual([200, { status: 'ok', database: 'ok', engine: 'unreachable' }]);
    await service.process.stop();
  });

  it('answers 503 while its database is unavailable', async () => {
    const lost = await temporaryDatabase();
    const db = new Database(lost.url, { applicationName: 'api test' });
    const service = await startService('api', environment({ DATABASE_URL: lost.url }));
    const token = await issueToken(db, {
      tenantId: TENANT,
      serverUrl: 'http://127.0.0.1:1',
      grpcAddress: '127.0.0.1:1',
    });
    await db.close();
    const status = async (path: string) => {
      const response = await fetch(`http://${service.address}${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return [response.status, await response.json()];
    };
    const tenant = `/api/v1/tenants/${TENANT}`;
    expect(await status(tenant)).toMatchObject([200, { slug: 'default' }]);
    await lost.drop();
    expect(await status(tenant)).toEqual([
      503,
      { errors: [{ description: 'the database is not available: try again later' }] },
    ]);
    expect(await status('/api/ready')).toMatchObject([503, { status: 'unavailable', database: 'unavailable' }]);
    expect(await status('/api/live')).toMatchObject([200, {}]);
    await service.process.stop();
  });

  it('refuses a token for the page unless only this machine can reach it, and a forged token', async () => {
    const env = environment({ SERVER_PAGE_TOKEN: 'a.b.c', SERVER_BIND_ADDRESS: '0.0.0.0' });
    const { code, stderr } = await runService('api', env);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^api: .*SERVER_PAGE_TOKEN.*SERVER_BIND_ADDRESS to 127\.0\.0\.1\n$/);
    const forged = await runService('api', environment({ SERVER_PAGE_TOKEN: 'a.b.c' }));
    expect(forged).toMatchObject({ code: 1, stderr: expect.stringContaining('SERVER_PAGE_TOKEN cannot be used') });
    expect(forged.stderr).not.toContain('a.b.c');
  });

  it('reports every problem of its configuration in one line, and exits with 2', async () => {
    const { code, stderr } = await runService('api', {
      DATABASE_URL: 'mysql://root:secret@host/db',
      SERVER_PORT: '99999',
      SERVER_OTEL_COLLECTOR_URL: 'http://collector:4317',
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^api: .*\n$/);
    for (const variable of [
      'DATABASE_URL',
      'SERVER_PORT',
      'SERVER_GRPC_BROADCAST_ADDRESS',
      'SERVER_OTEL_COLLECTOR_URL',
    ]) {
      expect(stderr).toContain(variable);
    }
    expect(stderr).not.toContain('secret');
  });

  it('exits with 1 and one line when the database cannot be reached', async () => {
    const result = await runService('api', environment({ DATABASE_URL: 'postgres://user:secret@localhost:1/none' }));
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^api: cannot use the database: .*ECONNREFUSED.*\n$/),
    });
    expect(result.stderr).not.toContain('secret');
  });

  it('exits with 1 and one line when its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const port = (other.address() as { port: number }).port;
    const result = await runService('api', environment({ SERVER_PORT: String(port) }));
    expect(result).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^api: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/),
    });
    other.close();
  });
});

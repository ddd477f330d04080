import { createServer } from 'node:net';
import { type TemporaryDatabase, temporaryDatabase } from '@hatchet-ts/storage/embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runToEnd, startService } from './service.fixture.ts';

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

  it('says where it serves, answers its probes without an engine, and stops when it is told to', async () => {
    const service = await startService('api', environment());
    const get = async (path: string) => {
      const response = await fetch(`http://${service.address}${path}`);
      return [response.status, await response.json()];
    };
    expect(await get('/api/live')).toEqual([200, { status: 'ok' }]);
    expect(await get('/api/ready')).toEqual([200, { status: 'ok', database: 'ok', engine: 'unreachable' }]);
    expect(await service.stop()).toBe(0);
  });

  it('tells everything that is wrong with its configuration in one line, and exits with 2', async () => {
    const { code, stderr } = await runToEnd('api', {
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
    const result = await runToEnd('api', environment({ DATABASE_URL: 'postgres://user:secret@localhost:1/none' }));
    expect(result).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^api: cannot use the database: .*ECONNREFUSED.*\n$/),
    });
    expect(result.stderr).not.toContain('secret');
  });

  it('exits with 1 and one line when its port is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const port = (other.address() as { port: number }).port;
    const result = await runToEnd('api', environment({ SERVER_PORT: String(port) }));
    expect(result).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^api: cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*\n$/),
    });
    other.close();
  });
});

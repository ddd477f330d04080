import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ServiceProcess } from './service-process.ts';
import { suite } from './suite.ts';

const { folder } = suite();

describe('a service process', () => {
  it('is ready when its ready line says so, and stops by SIGTERM', async () => {
    const service = await start(
      'serves',
      `process.on('SIGTERM', () => { console.log('flushed'); process.exit(0); }); ${STAYS} ${READY}`,
    );
    expect(service.address).toBe('127.0.0.1:4711');
    await service.stop();
    await service.stop();
    expect(await readFile(join(folder, 'serves.log'), 'utf8')).toContain('flushed');
  });

  it('sees nothing of the environment that the tests run in but PATH and HOME', async () => {
    process.env.OTEL_SERVICE_NAME = 'of the shell';
    const own = `console.log(JSON.stringify({ msg: 'ready', address: Object.keys(process.env).sort().join() }));`;
    const service = await start('environment', `${own} ${STAYS}`, { SERVER_PORT: '0' });
    expect(service.address).toBe('HOME,PATH,SERVER_PORT');
    await expect(service.stop()).rejects.toThrow('environment did not end cleanly: signal SIGTERM');
  });

  it('that ends before it is ready is an error with its last words', async () => {
    await expect(start('broken', `console.error('no database'); process.exitCode = 2;`)).rejects.toThrow(
      /broken ended before it was ready: exit code 2; its last lines were\nno database/,
    );
  });

  it('that a test kills ends by SIGKILL, and that is no error at stop', async () => {
    const service = await start('killed', `process.on('SIGTERM', () => {}); ${STAYS} ${READY}`);
    await service.kill();
    expect(await service.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
    await service.stop();
  });

  it('that ends by itself with an error is an error at stop', async () => {
    const service = await start('dies', `${READY} process.exitCode = 1;`);
    expect(await service.ended).toMatchObject({ code: 1, signal: null });
    await expect(service.stop()).rejects.toThrow('dies did not end cleanly: exit code 1');
  });
});

const READY = `console.log(JSON.stringify({ level: 30, msg: 'ready', address: '127.0.0.1:4711' }));`;
const STAYS = 'setInterval(() => {}, 1000);';

async function start(name: string, source: string, env: Record<string, string> = {}): Promise<ServiceProcess> {
  const entry = join(folder, `${name}.mjs`);
  writeFileSync(entry, source);
  return ServiceProcess.start({ name, entry, env, logFile: join(folder, `${name}.log`) });
}

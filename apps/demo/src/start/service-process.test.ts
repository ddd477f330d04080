import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { processIdentity } from './process-record.ts';
import { type ServiceOptions, type ServiceProcess, startService } from './service-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'hatchet-services-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const READY = `console.log(JSON.stringify({ level: 30, msg: 'ready', address: '127.0.0.1:4711' }));`;
const STAY = 'setInterval(() => {}, 1000);';

function start(name: string, source: string, more: Partial<ServiceOptions> = {}): Promise<ServiceProcess> {
  const entry = join(folder, `${name}.mjs`);
  writeFileSync(entry, source);
  return startService({ name, entry, env: {}, logFile: join(folder, `${name}.log`), ...more });
}

describe('a service process', () => {
  it('is ready after its ready line, and ends on SIGTERM', async () => {
    const service = await start('clean', `process.on('SIGTERM', () => process.exit(0)); ${READY} ${STAY}`);
    expect(service.address).toBe('127.0.0.1:4711');
    await service.stop();
    expect((await service.ended).message).toMatch(/^clean ended \(exit 0\); log: .*clean\.log$/);
    expect(readFileSync(join(folder, 'clean.log'), 'utf8')).toContain('"ready"');
  });

  it('is killed if SIGTERM does not end it in time', async () => {
    const service = await start('deaf', `process.on('SIGTERM', () => {}); ${READY} ${STAY}`);
    await service.stop(50);
    expect((await service.ended).message).toContain('deaf ended (SIGKILL)');
  });

  it('has its own process group, out of reach of Ctrl-C in the terminal', async () => {
    const service = await start('apart', `${READY} ${STAY}`);
    expect(() => process.kill(-service.pid, 0)).not.toThrow();
    await service.stop();
  });

  it('that ends before it is ready fails with the reason in one line', async () => {
    const logged = `console.log(JSON.stringify({ level: 60, msg: 'cannot start', err: { message: 'port 1 is taken' } }));`;
    await expect(start('logs', `${logged} process.exitCode = 1;`)).rejects.toThrow(
      /^logs ended \(exit 1\): cannot start: port 1 is taken; log: .*logs\.log$/,
    );
    await expect(
      start('throws', `console.log('chatter'); throw new Error('no database', { cause: 1 });`),
    ).rejects.toThrow(/^throws ended \(exit 1\): Error: no database; log: .*throws\.log$/);
  });

  it('is stopped if it is not ready in time, or if the start is aborted', async () => {
    const pids: number[] = [];
    const onSpawn = (pid: number): number => pids.push(pid);
    await expect(start('slow', STAY, { timeoutMs: 50, onSpawn })).rejects.toThrow('slow was not ready within 0.05 s');
    const signal = AbortSignal.timeout(50);
    await expect(start('unwanted', STAY, { signal, onSpawn })).rejects.toThrow('aborted due to timeout');
    expect(await Promise.all(pids.map(processIdentity))).toEqual([undefined, undefined]);
  });

  it('fails if its entry does not exist', async () => {
    await expect(start('nowhere', '', { entry: join(folder, 'missing.mjs') })).rejects.toThrow(
      /^nowhere ended \(exit 1\): Error: Cannot find module/,
    );
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runProcess } from './run-process.ts';
import { type ProcessOptions, type RunningProcess, startProcess } from './running-process.ts';

const READY = `console.log(JSON.stringify({ msg: 'ready', address: '127.0.0.1:4711' }));`;
const STAYS = 'setInterval(() => {}, 1000);';
const IGNORES_SIGTERM = `process.on('SIGTERM', () => {});`;

const folder = mkdtempSync(join(tmpdir(), 'trace-testing-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a started process', () => {
  it('is ready after its ready line, and stops by SIGTERM', async () => {
    const logFile = join(folder, 'serves.log');
    await using service = await start(
      `process.on('SIGTERM', () => { console.log('flushed'); process.exit(0); }); ${STAYS} ${READY}`,
      { logFile },
    );
    expect(service.readyLine.fields).toEqual({ msg: 'ready', address: '127.0.0.1:4711' });
    expect(await service.stop()).toEqual({ code: 0, signal: null });
    await service.stop();
    expect(await readFile(logFile, 'utf8')).toContain('flushed');
    expect(service.log.matching('flushed')).toHaveLength(1);
  });

  it('has PATH, HOME and the given variables in its environment, and nothing else', async () => {
    process.env.OTEL_SERVICE_NAME = 'from the shell';
    const source = `console.log('variables', Object.keys(process.env).sort().join()); ${STAYS}`;
    const service = await start(source, { ready: /^variables/, env: { PORT: '0' }, ignoreExitCode: true });
    expect(service.readyLine.text).toBe('variables HOME,PATH,PORT');
    expect(await service.stop()).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('that ends before it is ready rejects with its last lines', async () => {
    const options = { name: 'broken' };
    await expect(start(`console.error('no database'); process.exitCode = 2;`, options)).rejects.toThrow(
      'broken ended before it was ready: exit code 2; last lines:\nno database',
    );
  });

  it('that is not ready before the deadline rejects with its last lines', async () => {
    const source = `console.log('connecting'); ${IGNORES_SIGTERM} ${STAYS}`;
    await expect(start(source, { name: 'slow', timeoutMs: 2_000 })).rejects.toThrow(
      'slow is not ready: no log line {"msg":"ready"} within 2 s; last lines:\nconnecting',
    );
  });

  it('that does not exist rejects', async () => {
    await expect(startProcess('no-such-program')).rejects.toThrow(/no-such-program.*could not be started.*ENOENT/s);
  });

  it('that ignores SIGTERM is killed after the deadline, and stop rejects', async () => {
    const service = await start(`${IGNORES_SIGTERM} ${STAYS} ${READY}`, { name: 'stubborn', timeoutMs: 2_000 });
    await expect(service.stop()).rejects.toThrow('stubborn did not end within 2 s after SIGTERM and was killed');
    expect(await service.ended).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('that has no handler for SIGTERM did not end cleanly', async () => {
    const service = await start(`${STAYS} ${READY}`, { name: 'handlerless' });
    await expect(service.stop()).rejects.toThrow('handlerless did not end cleanly: signal SIGTERM; last lines:');
  });

  it('that a test kills ends by SIGKILL, and stop accepts it', async () => {
    const service = await start(`${IGNORES_SIGTERM} ${STAYS} ${READY}`);
    expect(await service.kill()).toEqual({ code: null, signal: 'SIGKILL' });
    await service.stop();
  });

  it('that ends by itself with an error rejects at stop', async () => {
    const service = await start(`${READY} process.exitCode = 1;`, { name: 'crashed' });
    expect(await service.ended).toEqual({ code: 1, signal: null });
    await expect(service.stop()).rejects.toThrow('crashed did not end cleanly: exit code 1');
  });

  it('receives SIGTERM once, also when the test sent it', async () => {
    const service = await start(
      `let signals = 0; process.on('SIGTERM', () => { signals++; setTimeout(() => process.exit(signals - 1), 200); }); ${STAYS} ${READY}`,
    );
    service.signal('SIGTERM');
    await service.stop();
  });

  it('ends with the process that started it', async () => {
    const starter = `
      import { startProcess } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
      const child = await startProcess('node', ['-e', ${JSON.stringify(STAYS)}]);
      console.log(child.pid);
      process.exit();`;
    const { stdout } = await runProcess('node', ['--input-type=module', '-e', starter]);
    expect(Number(stdout)).toBeGreaterThan(0);
    await expect.poll(() => isAlive(Number(stdout)), { timeout: 10_000 }).toBe(false);
  });
});

describe('a process that runs to its end', () => {
  it('returns its exit code and output', async () => {
    const source = `console.log('out'); console.error('err'); process.exitCode = 3;`;
    expect(await runProcess('node', ['-e', source])).toEqual({
      code: 3,
      signal: null,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('is killed after the deadline, and the error has its output', async () => {
    const source = `console.log('working'); ${IGNORES_SIGTERM} ${STAYS}`;
    await expect(runProcess('node', ['-e', source], { timeoutMs: 2_000 })).rejects.toThrow(/timed out.*working/s);
  });

  it('that does not exist rejects', async () => {
    await expect(runProcess('no-such-program')).rejects.toThrow(/ENOENT/);
  });
});

function start(source: string, options: ProcessOptions = {}): Promise<RunningProcess> {
  return startProcess('node', ['--input-type=module', '-e', source], { ready: { msg: 'ready' }, ...options });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

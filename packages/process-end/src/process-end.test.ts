import { runProcess, startProcess } from '@hatchet-ts/trace-testing';
import { describe, expect, it } from 'vitest';
import { runLastBatchChild } from './process-end.ts';

const url = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);

/** A program whose telemetry prints what happens to it. */
const program = (options: string, code: string) => `
  import { setTimeout as sleep } from 'node:timers/promises';
  import { flushAtEnd } from ${url('./process-end.ts')};
  let ended = 0;
  const stop = flushAtEnd({
    flushMillis: 1000,
    endedSpans: () => ended,
    flush: async () => { await sleep(10); console.log('flushed', ended); },
    settle: (mayWait) => console.log('settled', mayWait),
    ${options}
  });
  ${code}`;

const run = async (code: string, options = '') => {
  const finished = await runProcess('node', ['--input-type=module', '-e', program(options, code)]);
  return { ...finished, lines: finished.stdout.trim().split('\n') };
};

const STAYS = `setInterval(() => {}, 1000); console.log('ready');`;

/** Sends a signal to a program that stays. */
async function signalled(
  code: string,
  signal: NodeJS.Signals = 'SIGTERM',
  { options = '', args = [] as string[] } = {},
) {
  const running = await startProcess('node', [...args, '--input-type=module', '-e', program(options, code + STAYS)], {
    ready: 'ready',
    ignoreExitCode: true,
  });
  running.signal(signal);
  const exit = await running.ended;
  return { ...exit, lines: running.log.lines.map(({ text }) => text).filter((line) => line !== 'ready') };
}

describe('at the end of the program', () => {
  it('telemetry is flushed once, and settled', async () => {
    expect(await run('')).toMatchObject({ code: 0, lines: ['flushed 0', 'settled true'] });
  });

  it('telemetry is flushed again if other listeners have made spans', async () => {
    const { lines } = await run(`process.once('beforeExit', async () => { await sleep(50); ended++; });`);
    expect(lines).toEqual(['flushed 0', 'flushed 1', 'settled true']);
  });

  it('a late flush delays the end once', async () => {
    const options = 'flushMillis: 50, flush: () => new Promise((resolve) => setTimeout(resolve, 60_000).unref())';
    const { lines } = await run(`process.once('beforeExit', () => { ended++; });`, options);
    expect(lines).toEqual(['settled false']);
  });

  it('a failed flush does not change the exit', async () => {
    const options = `flush: () => Promise.reject(new Error('collector'))`;
    expect(await run('', options)).toMatchObject({ code: 0, lines: ['settled true'], stderr: '' });
  });

  it('nothing happens once it is stopped', async () => {
    expect(await run('stop();')).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('process.exit', () => {
  it('keeps its code and is not delayed by a flush', async () => {
    expect(await run('process.exit(3);')).toMatchObject({ code: 3, lines: ['settled true'] });
  });
});

describe('an uncaught exception', () => {
  it('keeps the output and exit code of Node.js', async () => {
    const without = await run(`stop(); throw new Error('mine');`);
    const { code, stderr, lines } = await run(`        throw new Error('mine');`);
    expect(lines).toEqual(['settled true']);
    expect(code).toBe(without.code);
    expect(stderr.replace('        throw', 'stop(); throw')).toBe(without.stderr);
  });
});

describe('a signal', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('%s flushes and then ends the process', async (signal) => {
    expect(await signalled('', signal)).toEqual({ code: null, signal, lines: ['flushed 0', 'settled true'] });
  });

  it('is left to the application if it listens, and its spans are flushed meanwhile', async () => {
    const own = `process.on('SIGTERM', async () => { await sleep(500); console.log('closed'); process.exit(7); });`;
    const lines = ['flushed 0', 'closed', 'settled true'];
    expect(await signalled(own)).toEqual({ code: 7, signal: null, lines });
  });

  it('that the application handles and sends again ends the process', async () => {
    const own = `process.once('SIGTERM', async () => { await sleep(500); ended++; process.kill(process.pid, 'SIGTERM'); });`;
    const lines = ['flushed 0', 'flushed 1', 'settled true'];
    expect(await signalled(own)).toEqual({ code: null, signal: 'SIGTERM', lines });
  });

  it('ends the process beside signal-exit, whose listeners wait for being alone', async () => {
    const execa = `
      const { startProcess } = await import(${JSON.stringify(import.meta.resolve('@hatchet-ts/trace-testing'))});
      const child = await startProcess('node', ['-e', 'setInterval(() => {}, 1000)']);
      if (process.listenerCount('SIGTERM') < 2) throw new Error('no listener of signal-exit');`;
    expect(await signalled(execa)).toMatchObject({ signal: 'SIGTERM', lines: ['flushed 0', 'settled true'] });
  });

  it('that comes a second time ends the process at once', async () => {
    const options = `flushMillis: 60_000, flush: () => { process.kill(process.pid, 'SIGTERM'); return sleep(60_000); }`;
    expect(await signalled('', 'SIGTERM', { options })).toEqual({
      code: null,
      signal: 'SIGTERM',
      lines: ['settled true'],
    });
  });

  it('ends process 1 with 128 and its number, because the kernel ignores it there', async () => {
    const isFirst = `data:text/javascript,Object.defineProperty(process, 'pid', { value: 1 })`;
    expect(await signalled('', 'SIGTERM', { args: ['--import', isFirst] })).toMatchObject({ code: 143, signal: null });
    expect(await signalled('', 'SIGINT', { args: ['--import', isFirst] })).toMatchObject({ code: 130, signal: null });
  });
});

it('two copies of this module share their listeners', async () => {
  const second = `
    const copy = await import(${url('./process-end.ts')} + '?copy');
    copy.flushAtEnd({ flushMillis: 1000, endedSpans: () => 0, flush: async () => console.log('second'), settle() {} });`;
  const { signal, lines } = await signalled(second);
  expect(signal).toBe('SIGTERM');
  expect(lines).toContain('second');
});

describe('the child that sends the last batch', () => {
  const child = (code: string) => ({
    script: new URL(`./testing/${code}.ts`, import.meta.url),
    args: ['argument'],
    env: { ...process.env, NODE_OPTIONS: '--import missing-package' },
    cwd: process.cwd(),
  });

  it('gets its input and arguments, and nothing of NODE_OPTIONS', () => {
    expect(runLastBatchChild(child('echo'), Buffer.from('batch'))).toBe('argument: batch');
  });

  it('has no result if it fails', () => {
    expect(runLastBatchChild(child('missing'), Buffer.from('batch'))).toBeUndefined();
  });

  it('is killed after its time', { timeout: 10_000 }, () => {
    expect(runLastBatchChild(child('hang'), Buffer.from('batch'))).toBeUndefined();
  });
});

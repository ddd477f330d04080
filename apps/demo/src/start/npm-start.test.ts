import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { processIdentity } from './process-record.ts';
import { ROOT } from './settings.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'hatchet-start-'));
chmodSync(dataDir, 0o755); // PostgreSQL runs as another user if this one is root
const RECORD = join(dataDir, 'processes.json');

const running = new Set<ChildProcess>();
afterEach(async () => {
  for (const child of running) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

/** Runs `npm start` without its bootstrap; its output and end can be awaited. */
function npmStart(args: string[] = [], env: NodeJS.ProcessEnv = {}, entry = 'main.ts') {
  const child = spawn(process.execPath, [join(import.meta.dirname, entry), ...args], {
    env: { PATH: process.env.PATH, HATCHET_DATA_DIR: dataDir, SERVER_PORT: '0', SERVER_GRPC_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const output = { out: '', err: '' };
  const { promise, resolve } = Promise.withResolvers<void>();
  child.stdout.on('data', (chunk) => {
    output.out += chunk;
    if (output.out.includes('Ctrl-C stops everything.')) resolve();
  });
  child.stderr.on('data', (chunk) => {
    output.err += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => {
    running.delete(child);
    return { code: code ?? signal, ...output };
  });
  const serves = Promise.race([promise, ended.then(({ err }) => Promise.reject(new Error(`npm start ended: ${err}`)))]);
  serves.catch(() => {}); // not every test awaits it
  return { child, ended, serves, output };
}

const recorded = (): { name: string; pid: number }[] => JSON.parse(readFileSync(RECORD, 'utf8'));
const alive = async (pids: number[]): Promise<number> => {
  return (await Promise.all(pids.map(processIdentity))).filter((identity) => identity !== undefined).length;
};

/** Label, service and kind of each row of a waterfall: the columns that do not depend on the time. */
const waterfallRows = (text: string): string[] => {
  const [, rows = ''] = /^trace \w+ · \d+ spans .*\n((?:[^`\n].*\n)+)/m.exec(text) ?? [];
  return rows.split('\n').map((row) =>
    row
      .slice(0, 73)
      .replace(/^[│├└─ ]+/, '')
      .replace(/ +/g, ' ')
      .trim(),
  );
};

describe('npm start', { timeout: 120_000 }, () => {
  it('--once prints the whole trace of an order and exits', async () => {
    const { code, out, err } = await npmStart(['--once']).ended;
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('✗') });
    for (const label of ['hatchet.run_workflow order', 'order/charge (retry 1)', 'pick from shelf', 'send e-mail']) {
      expect(out).toContain(label);
    }
    const printed = waterfallRows(out);
    const shown = waterfallRows(readFileSync(join(ROOT, 'README.md'), 'utf8'));
    expect({ count: shown.length, missing: shown.filter((row) => !printed.includes(row)) }).toEqual({
      count: 20, // the end of the text instead of the line of the trace
      missing: [],
    });
    expect(out).not.toContain('export');
  });

  it('runs until Ctrl-C, accepts more orders, and leaves nothing behind', async () => {
    const start = npmStart();
    await start.serves;
    const pids = recorded().map(({ pid }) => pid);
    expect(await alive(pids)).toBe(4);
    const variables = [...start.output.out.matchAll(/^ {2}export (\w+)=\S+$/gm)].map(([, name]) => name);
    expect(variables).toEqual(
      ['TOKEN', 'HOST_PORT', 'API_URL', 'TLS_STRATEGY'].map((name) => `HATCHET_CLIENT_${name}`),
    );

    const order = await npmStart([], {}, 'order-command.ts').ended;
    expect(order).toMatchObject({ code: 0, out: expect.stringContaining('hatchet.start_step_run notify') });

    start.child.kill('SIGINT');
    start.child.kill('SIGINT'); // npm forwards the signal that the terminal has delivered already
    expect(await start.ended).toMatchObject({ code: 0, err: expect.not.stringContaining('✗') });
    expect(await alive(pids)).toBe(0);
    expect([RECORD, join(dataDir, 'access.json')].filter(existsSync)).toEqual([]);
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
  });

  it('refuses to start twice, and ends the processes that a killed start left', async () => {
    const first = npmStart();
    await first.serves;
    const second = await npmStart().ended;
    expect(second).toMatchObject({
      code: 1,
      err: expect.stringContaining(`already running as process ${first.child.pid}`),
    });

    const left = recorded().filter(({ name }) => name !== 'npm start');
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await alive(left.map(({ pid }) => pid))).toBe(3);

    const next = await npmStart(['--once']).ended;
    expect(next).toMatchObject({ code: 0, err: expect.stringContaining('left running: engine, api, worker') });
    expect(await alive(left.map(({ pid }) => pid))).toBe(0);
  });

  it('stops everything and prints one line if a service dies', async () => {
    const start = npmStart();
    await start.serves;
    const services = recorded();
    process.kill(services.find(({ name }) => name === 'engine')!.pid, 'SIGKILL');
    const { code, err } = await start.ended;
    expect(code).toBe(1);
    expect(err.split('\n').filter((line) => line.startsWith('✗'))).toEqual([
      expect.stringMatching(/^✗ engine ended \(SIGKILL\)/),
    ]);
    expect(await alive(services.map(({ pid }) => pid))).toBe(0);
  });

  it('does the same if its PostgreSQL dies', async () => {
    const start = npmStart();
    await start.serves;
    const services = recorded();
    process.kill(Number.parseInt(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10), 'SIGKILL');
    const { code, err } = await start.ended;
    expect(code).toBe(1);
    expect(err.split('\n').filter((line) => line.startsWith('✗'))).toEqual([
      expect.stringMatching(/^✗ PostgreSQL ended unexpectedly/),
    ]);
    expect(await alive(services.map(({ pid }) => pid))).toBe(0);
  });

  it('stops the started processes if it is interrupted early', async () => {
    const start = npmStart();
    await once(start.child.stderr, 'data');
    start.child.kill('SIGINT');
    expect(await start.ended).toMatchObject({ code: 130, err: expect.not.stringContaining('✗') });
    expect(existsSync(join(dataDir, 'postgres', 'postmaster.pid'))).toBe(false);
  });

  it('names a port in use in one line', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    expect(await npmStart([], { SERVER_GRPC_PORT: String(port) }).ended).toMatchObject({
      code: 1,
      err: `✗ port ${port} is in use by another process: stop that process, or set SERVER_GRPC_PORT to another port\n`,
    });
    server.close();
  });
});

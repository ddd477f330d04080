import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Database } from '../database/database.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { unprivilegedUser } from './programs.ts';

describe('an embedded PostgreSQL server', () => {
  let dataDir: string;

  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'hatchet-embedded-test-'));
  });

  afterAll(() => rm(dataDir, { recursive: true, force: true }));

  /** Starts a server in a process of its own and kills that process, as a crash would. */
  async function abandonServer(): Promise<void> {
    const script = `
      const { startEmbeddedPostgres } = await import(${JSON.stringify(new URL('./embedded-postgres.ts', import.meta.url).href)});
      console.log((await startEmbeddedPostgres({ dataDir: ${JSON.stringify(dataDir)} })).url);
      setInterval(() => {}, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(createInterface(owner.stdout), 'line');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
  }

  /** The process id of the directory's server. */
  async function postmaster(): Promise<string | undefined> {
    return (await readFile(path.join(dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0];
  }

  async function run(url: string, statement: string): Promise<unknown[]> {
    const database = new Database(url, { applicationName: 'embedded test' });
    try {
      return (await database.query(statement)).rows;
    } finally {
      await database.close();
    }
  }

  it('keeps its data across a restart', async () => {
    const first = await startEmbeddedPostgres({ dataDir });
    await run(first.url, 'CREATE TABLE kept AS SELECT 1 AS one');
    await first.stop();
    await first.stop();
    const second = await startEmbeddedPostgres({ dataDir });
    expect(await run(second.url, 'SELECT one FROM kept')).toEqual([{ one: 1 }]);
    await second.stop();
  });

  it('rejects a data directory whose owner is alive', async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(`is in use by process ${process.pid}`);
    await server.stop();
  });

  it('replaces the server of an owner that was killed', async () => {
    await abandonServer();
    const abandoned = await postmaster();
    const lines: string[] = [];
    const server = await startEmbeddedPostgres({ dataDir, log: (line) => lines.push(line) });
    expect(lines[0]).toBe('stopped a PostgreSQL server whose owner process had died');
    // compares process ids: the new server may get the same port
    expect(await postmaster()).not.toBe(abandoned);
    await server.stop();
  });

  it('starts when a stale postmaster.pid contains the id of a live process', async () => {
    const pidFile = path.join(dataDir, 'postmaster.pid');
    const first = await startEmbeddedPostgres({ dataDir });
    // as the same user: PostgreSQL ignores a postmaster.pid that names another user's process or its own parent
    const idle = ['-e', 'process.stdin.resume()'];
    const alive = spawn(process.execPath, idle, { ...(await unprivilegedUser()), stdio: ['pipe', 'ignore', 'ignore'] });
    const stale = (await readFile(pidFile, 'utf8')).split('\n').with(0, String(alive.pid));
    await first.stop();
    await writeFile(pidFile, stale.join('\n'));
    const server = await startEmbeddedPostgres({ dataDir });
    expect(await run(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    alive.stdin?.end();
    await once(alive, 'exit');
  });

  it('reports why PostgreSQL did not start', async () => {
    const server = await startEmbeddedPostgres({ dataDir });
    const other = await mkdtemp(path.join(tmpdir(), 'hatchet-embedded-test-'));
    const port = Number(new URL(server.url).port);
    await expect(startEmbeddedPostgres({ dataDir: other, port })).rejects.toThrow('Address already in use');
    await server.stop();
    await rm(other, { recursive: true, force: true });
  });
});

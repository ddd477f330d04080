import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { type PostgresBinaries, postgresBinaries } from './binaries.ts';
import { hasLeftoverServer } from './leftover.ts';
import { runProgram } from './run-program.ts';
import { OWNER, serverUrl } from './server-url.ts';
import { type Identity, unprivilegedUser } from './unprivileged-user.ts';

/** Where the server keeps its data and listens. */
export interface EmbeddedPostgresOptions {
  /** Made and initialised when it is not there. Default `.data/postgres` below the working directory. */
  dataDir?: string;
  /** Port on 127.0.0.1; 0, the default, takes a free one. */
  port?: number;
  /** Receives one line per event: initialised, started, leftover stopped, stopped. */
  log?: (line: string) => void;
  /** Settings of `postgresql.conf`, such as `{ fsync: 'off' }`. */
  settings?: Record<string, string | number>;
}

/** A running server. */
export interface EmbeddedPostgres {
  /** URL of the database `postgres`, with its password. */
  url: string;
  /** Stops the server; the data stays. Further calls do nothing. */
  stop(): Promise<void>;
}

/**
 * Starts a private PostgreSQL from the binaries that npm installed. It lives in a session of its own, so that a Ctrl-C
 * reaches its users first, and ends with `stop()` or with this process; what survives a killed process is stopped at
 * the next start.
 *
 * @throws Error when another live process owns the data directory, the port is taken, or PostgreSQL cannot run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const { log = () => {}, settings = {} } = options;
  const cluster = await openCluster(options.dataDir ?? path.resolve('.data/postgres'), log);
  if (await hasLeftoverServer(cluster.dataDir, cluster.password)) {
    await stopServer(cluster);
    log('stopped a PostgreSQL server whose owner had died');
  }
  const port = options.port || (await freePort());
  await startServer(cluster, { ...settings, port, listen_addresses: '127.0.0.1', unix_socket_directories: '' });
  const url = serverUrl(port, cluster.password);
  const owner = await holdConnection(url);
  log(`PostgreSQL listens on 127.0.0.1:${port}`);

  const pid = Number((await readFile(path.join(cluster.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  const stopAtExit = () => {
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // it has ended already
    }
  };
  process.once('exit', stopAtExit);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await owner.end().catch(() => {});
    await stopServer(cluster);
    process.off('exit', stopAtExit);
    log('PostgreSQL stopped');
  };
  return {
    url,
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

const PASSWORD_FILE = 'hatchet-password';

interface Cluster {
  dataDir: string;
  password: string;
  identity: Identity;
  binaries: PostgresBinaries;
}

/** Reads what is needed to run the cluster, and makes it first where it does not exist. */
async function openCluster(directory: string, log: (line: string) => void): Promise<Cluster> {
  const binaries = await postgresBinaries();
  const identity = await unprivilegedUser();
  let password = await readPassword(directory);
  if (password === undefined) {
    password = await createCluster(directory, binaries, identity);
    log(`initialised a PostgreSQL cluster in ${directory}`);
  }
  return { dataDir: await realpath(directory), password, identity, binaries };
}

/** Makes the cluster beside its place and moves it there when it is complete: an interrupted start leaves no half. */
async function createCluster(directory: string, binaries: PostgresBinaries, identity: Identity): Promise<string> {
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true, mode: 0o700 });
  const password = randomBytes(18).toString('base64url');
  const passwordFile = `${unfinished}.password`;
  await writeFile(passwordFile, password, { mode: 0o600 });
  const { uid, gid } = identity;
  if (uid !== undefined && gid !== undefined) {
    await Promise.all([unfinished, passwordFile].map((file) => chown(file, uid, gid)));
  }
  const initdb = ['-D', unfinished, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  try {
    await runProgram(binaries.initdb, [...initdb, '--encoding=UTF8', '--locale=C'], identity, unfinished);
    await rename(passwordFile, path.join(unfinished, PASSWORD_FILE));
    await rename(unfinished, directory);
  } catch (error) {
    await rm(passwordFile, { force: true });
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
  return password;
}

async function readPassword(directory: string): Promise<string | undefined> {
  return readFile(path.join(directory, PASSWORD_FILE), 'utf8').catch(() => undefined);
}

async function startServer(cluster: Cluster, settings: Record<string, string | number>): Promise<void> {
  const { binaries, dataDir, identity } = cluster;
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  const configuration = path.join(dataDir, 'postgresql.auto.conf');
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const log = path.join(dataDir, 'server.log');
  await rm(log, { force: true });
  try {
    await runProgram(binaries.pg_ctl, ['start', '-D', dataDir, '-l', log, '-w', '-t', '60'], identity, dataDir);
  } catch (cause) {
    const output = await readFile(log, 'utf8').catch(() => '');
    throw new Error(`PostgreSQL did not start:\n${output.trim() || String(cause)}`, { cause });
  }
}

async function stopServer({ binaries, dataDir, identity }: Cluster): Promise<void> {
  await runProgram(binaries.pg_ctl, ['stop', '-D', dataDir, '-m', 'fast', '-w', '-t', '60'], identity, dataDir);
}

/** A connection that says by its presence that the server has an owner; see `leftover.ts`. */
async function holdConnection(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: `${OWNER}${process.pid}`, keepAlive: true });
  client.on('error', () => {});
  await client.connect();
  return client;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free TCP port');
  return address.port;
}

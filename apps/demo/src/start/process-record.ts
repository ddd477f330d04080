import { execFile } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** Milliseconds from SIGTERM to SIGKILL for a leftover process. */
const GRACE_PERIOD_MS = 5_000;

interface RecordedProcess {
  name: string;
  pid: number;
  identity: string;
}

/** File of the processes that a start has created, so that the next start can end them if this one is killed. */
export class ProcessRecord {
  readonly #file: string;
  readonly #processes: RecordedProcess[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Ends the recorded processes that still run. The operating system reuses ids, so start time and command line must
   * match, too.
   *
   * @param owner name of the starting process itself in the record
   * @returns the names of the ended processes
   * @throws Error if the owner of the record is alive
   */
  async endLeftovers(owner: string): Promise<string[]> {
    const alive: RecordedProcess[] = [];
    for (const each of this.#read()) if ((await processIdentity(each.pid)) === each.identity) alive.push(each);
    const running = alive.find(({ name }) => name === owner);
    if (running) throw new Error(`${owner} is already running as process ${running.pid}: stop it first`);
    await Promise.all(alive.map(endProcess));
    return alive.map(({ name }) => name);
  }

  /** Adds a process and writes the file. */
  async add(name: string, pid: number): Promise<void> {
    const identity = await processIdentity(pid);
    if (identity === undefined) return; // it has ended already
    this.#processes.push({ name, pid, identity });
    const unfinished = `${this.#file}.new`;
    writeFileSync(unfinished, `${JSON.stringify(this.#processes, null, 2)}\n`);
    renameSync(unfinished, this.#file);
  }

  /** Removes the file: every process was stopped. */
  clear(): void {
    this.#processes.length = 0;
    rmSync(this.#file, { force: true });
  }

  #read(): RecordedProcess[] {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8'));
    } catch {
      return []; // missing, or truncated by a power cut
    }
  }
}

async function endProcess({ pid, identity }: RecordedProcess): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // it has ended in between
    }
    for (const deadline = Date.now() + GRACE_PERIOD_MS; Date.now() < deadline; await delay(50)) {
      if ((await processIdentity(pid)) !== identity) return;
    }
  }
}

/**
 * Returns start time and command line of a process: they distinguish it from others that had or will have its id.
 * Undefined if there is no such process.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? identityFromProc(pid) : identityFromPs(pid);
}

/** Reads /proc, because small containers have no `ps`. */
async function identityFromProc(pid: number): Promise<string | undefined> {
  try {
    const [stat, command] = await Promise.all(
      ['stat', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8')),
    );
    // proc_pid_stat(5): after the command's name in parentheses come the state, 3rd, and the start time, 22nd
    const fields = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : `${fields[19]} ${command!.replaceAll('\0', ' ').trim()}`;
  } catch {
    return undefined;
  }
}

async function identityFromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=,command=', '-p', String(pid)]);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

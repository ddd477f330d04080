import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { processIdentity } from './process-identity.ts';

/** Milliseconds that a leftover process has for a clean end. */
const PATIENCE_MS = 5_000;

interface RecordedProcess {
  name: string;
  pid: number;
  identity: string;
}

/** A file that says which processes a start has made, so that the next one can end what a killed one has left. */
export class ProcessRecord {
  readonly #file: string;
  readonly #processes: RecordedProcess[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * Ends the processes of the file that still run. A process is only touched when its start time and command line are
   * those that were recorded: ids are used again.
   *
   * @param owner name under which the starting process itself is recorded
   * @returns the names of what was ended
   * @throws Error when the owner of the record is alive
   */
  async endLeftovers(owner: string): Promise<string[]> {
    const recorded = this.#read();
    const alive: RecordedProcess[] = [];
    for (const each of recorded) if ((await processIdentity(each.pid)) === each.identity) alive.push(each);
    const running = alive.find(({ name }) => name === owner);
    if (running) throw new Error(`${owner} is running already, as process ${running.pid}: stop that one first`);
    await Promise.all(alive.map(end));
    return alive.map(({ name }) => name);
  }

  /** Adds a process, at once. */
  async add(name: string, pid: number): Promise<void> {
    const identity = await processIdentity(pid);
    if (identity === undefined) return; // it has ended already
    this.#processes.push({ name, pid, identity });
    const unfinished = `${this.#file}.new`;
    writeFileSync(unfinished, `${JSON.stringify(this.#processes, null, 2)}\n`);
    renameSync(unfinished, this.#file);
  }

  /** Forgets them all: everything was stopped. */
  clear(): void {
    this.#processes.length = 0;
    rmSync(this.#file, { force: true });
  }

  #read(): RecordedProcess[] {
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8'));
    } catch {
      return []; // none, or what a power cut left of it
    }
  }
}

async function end({ pid, identity }: RecordedProcess): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return; // it has ended in between
    }
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await delay(50)) {
      if ((await processIdentity(pid)) !== identity) return;
    }
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Resource } from './resources.ts';
import { ServiceLog } from './service-log.ts';

/** Milliseconds until a process must be ready, or gone. */
const DEADLINE_MS = 60_000;
const KEPT_LINES = 40;

export interface ServiceOptions {
  /** What errors call it. */
  name: string;
  /** A TypeScript file that Node runs. It prints a JSON line with `"msg":"ready"` once it serves. */
  entry: string;
  args?: string[];
  /** Its whole environment besides PATH and HOME: nothing of the shell that runs the tests gets in. */
  env: Record<string, string>;
  /** The file that its output goes to. */
  logFile: string;
}

/** A service as it runs in production: a process of its own. */
export class ServiceProcess implements Resource {
  readonly name: string;
  readonly pid: number;
  /** `host:port` that it is bound to, as its ready line says; empty for a process that serves nothing. */
  readonly address: string;
  /** Resolves once the process has ended, whatever ended it, with what it printed last. */
  readonly ended: Promise<Exit>;
  readonly log: ServiceLog;
  readonly #child: ChildProcess;
  #killed = false;

  private constructor(name: string, child: ChildProcess, log: ServiceLog, ended: Promise<Exit>, address: string) {
    this.name = name;
    this.log = log;
    this.pid = child.pid!;
    this.address = address;
    this.#child = child;
    this.ended = ended;
  }

  /** @throws Error with the last lines of its output, when it ends or the deadline comes before it is ready */
  static async start({ name, entry, args = [], env, logFile }: ServiceOptions): Promise<ServiceProcess> {
    const child = spawn(process.execPath, [entry, ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);

    const file = createWriteStream(logFile, { flags: 'a' });
    const log = new ServiceLog();
    const lastLines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        file.write(`${line}\n`);
        lastLines.push(line);
        if (lastLines.length > KEPT_LINES) lastLines.shift();
        log.add(line);
      });
    }
    // 'close' and not 'exit': the output has then been read to its end
    const ended = once(child, 'close').then(async ([code, signal]): Promise<Exit> => {
      process.off('exit', kill);
      log.end();
      await new Promise<void>((written) => file.end(written));
      return { code, signal, output: lastLines.join('\n') };
    });

    const early = ended.then((exit): never => {
      throw new Error(`${name} ended before it was ready: ${described(exit)}`);
    });
    // of the two that fail when it ends, `early` says more
    const ready = log.until('ready').catch(() => early);
    const { address = '' } = await inTime(Promise.race([ready, early]), () => {
      kill();
      return new Error(`${name} is not ready after ${DEADLINE_MS / 1000} s:\n${lastLines.join('\n')}`);
    });
    early.catch(() => {}); // from here on, stop() and ended tell
    return new ServiceProcess(name, child, log, ended, String(address));
  }

  /**
   * SIGTERM, on which a service sends what it still holds, and waits until it has ended. Idempotent.
   *
   * @throws Error when it does not end by itself with exit code 0, unless it was killed
   */
  async stop(): Promise<void> {
    if (this.#killed) return;
    this.#child.kill('SIGTERM');
    const exit = await inTime(this.ended, () => {
      this.#child.kill('SIGKILL');
      return new Error(`${this.name} has not ended ${DEADLINE_MS / 1000} s after SIGTERM`);
    });
    if (exit.code !== 0) throw new Error(`${this.name} did not end cleanly: ${described(exit)}`);
  }

  /** SIGKILL, as by a kernel that is out of memory: it can say no word to anybody. */
  async kill(): Promise<void> {
    this.#killed = true;
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

async function inTime<T>(outcome: Promise<T>, late: () => Error): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), DEADLINE_MS);
  try {
    return await Promise.race([outcome, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

function described({ code, signal, output }: Exit): string {
  return `${signal ? `signal ${signal}` : `exit code ${code}`}; its last lines were\n${output}`;
}

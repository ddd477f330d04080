import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { processEnvironment, programPath } from './process-environment.ts';
import { type LineMatcher, type LogLine, ProcessLog } from './process-log.ts';
import type { Resource } from './resources.ts';

export interface ProcessOptions {
  /** Name in error messages. Default: the file name of the script. */
  name?: string;
  cwd?: string;
  /** Whole environment besides PATH and HOME. */
  env?: NodeJS.ProcessEnv;
  /** Line of output after which the process is ready. Without it, a started process is ready. */
  ready?: LineMatcher;
  /** File that the output is appended to. */
  logFile?: string;
  /** Milliseconds until the process must be ready, and until it must have ended after SIGTERM. Default: 60,000. */
  timeoutMs?: number;
  /** Makes {@link RunningProcess.stop} accept any exit code and signal. Default: false. */
  ignoreExitCode?: boolean;
}

/** End of a process; exactly one of the two is set. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Starts a program and waits until it is ready. The program `node` is the Node.js that runs the tests. The process
 * ends with the process that started it.
 *
 * @throws Error with the last lines of output if the process ends, or the deadline passes, before it is ready
 */
export async function startProcess(
  program: string,
  args: readonly string[] = [],
  options: ProcessOptions = {},
): Promise<RunningProcess> {
  const running = new RunningProcess(program, args, options);
  await running.untilReady();
  return running;
}

/** A process that {@link startProcess} started. */
export class RunningProcess implements Resource {
  readonly name: string;
  readonly log: ProcessLog = new ProcessLog();
  /** Resolves when the process has ended and its output is read to the end. */
  readonly ended: Promise<Exit>;
  readonly #options: Required<Pick<ProcessOptions, 'timeoutMs' | 'ignoreExitCode'>> & Pick<ProcessOptions, 'ready'>;
  readonly #child: ReturnType<typeof spawn>;
  #readyLine: LogLine | undefined;
  #stopping: Promise<Exit> | undefined;
  #isTerminated = false;
  #isKilled = false;

  constructor(program: string, args: readonly string[], options: ProcessOptions) {
    const { name, ready, logFile, timeoutMs = 60_000, ignoreExitCode = false } = options;
    this.name = name ?? basename(args.find((arg) => !arg.startsWith('-')) ?? program);
    this.#options = { ready, timeoutMs, ignoreExitCode };
    this.#child = spawn(program, args, options, timeoutMs);
    const file = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        file?.write(`${line}\n`);
        this.log.add(line);
      });
    }
    this.ended = this.#child.then(async ({ exitCode, signal, originalMessage }) => {
      if (exitCode === undefined && signal === undefined) this.log.add(originalMessage ?? 'not started');
      if (file) await new Promise<void>((written) => file.end(written));
      this.log.end();
      return { code: exitCode ?? null, signal: signal ?? null };
    });
  }

  /** @throws Error if the process could not be started */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} has no process id: it could not be started`);
    return this.#child.pid;
  }

  /** Line that the process was ready with. @throws Error if it was started without `ready` */
  get readyLine(): LogLine {
    if (!this.#readyLine) throw new Error(`${this.name} has no ready line: it was started without the option ready`);
    return this.#readyLine;
  }

  /** Waits for the line `ready` of the options. */
  async untilReady(): Promise<void> {
    const { ready, timeoutMs } = this.#options;
    if (ready === undefined) {
      if (this.#child.pid === undefined) throw await this.#earlyEnd();
      return;
    }
    try {
      this.#readyLine = await this.log.waitFor(ready, { timeoutMs });
    } catch (error) {
      if (this.log.hasEnded) throw await this.#earlyEnd();
      await this.kill();
      throw new Error(`${this.name} is not ready: ${(error as Error).message}`);
    }
  }

  /** Sends a signal. After SIGTERM, SIGKILL follows when the deadline has passed. */
  signal(signal: NodeJS.Signals): void {
    if (signal === 'SIGTERM') this.#isTerminated = true;
    this.#child.kill(signal);
  }

  /**
   * Sends SIGTERM, on which a service exports the spans in its queue, and waits until the process has ended.
   *
   * @throws Error if the exit code is not 0 or the process did not end before the deadline, unless it was killed by
   *   {@link kill} or started with `ignoreExitCode`
   */
  stop(): Promise<Exit> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<Exit> {
    const { timeoutMs, ignoreExitCode } = this.#options;
    if (!this.#isTerminated) this.signal('SIGTERM');
    const exit = await this.ended;
    if (this.#isKilled || ignoreExitCode || exit.code === 0) return exit;
    const { isForcefullyTerminated } = await this.#child;
    const cause = isForcefullyTerminated
      ? `did not end within ${timeoutMs / 1000} s after SIGTERM and was killed`
      : `did not end cleanly: ${describeExit(exit)}`;
    throw new Error(`${this.name} ${cause}; ${this.log.tail()}`);
  }

  /** Sends SIGKILL, as the kernel does when memory runs out, and waits until the process has ended. */
  async kill(): Promise<Exit> {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
    return this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #earlyEnd(): Promise<Error> {
    const exit = await this.ended;
    return new Error(`${this.name} ended before it was ready: ${describeExit(exit)}; ${this.log.tail()}`);
  }
}

function spawn(program: string, args: readonly string[], options: ProcessOptions, timeoutMs: number) {
  return execa(programPath(program), args, {
    ...(options.cwd !== undefined && { cwd: options.cwd }),
    env: processEnvironment(options.env),
    extendEnv: false,
    stdin: 'ignore',
    buffer: false,
    reject: false,
    forceKillAfterDelay: timeoutMs, // SIGKILL if SIGTERM has no effect
  });
}

function describeExit({ code, signal }: Exit): string {
  if (signal) return `signal ${signal}`;
  return code === null ? 'it could not be started' : `exit code ${code}`;
}

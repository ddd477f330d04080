import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { relative } from 'node:path';
import { createInterface } from 'node:readline';

export interface ServiceOptions {
  /** Used in messages. */
  name: string;
  /** TypeScript or JavaScript file that prints a JSON line with `"msg":"ready"` when it serves. */
  entry: string;
  /** The whole environment of the process. */
  env: NodeJS.ProcessEnv;
  /** File for its output. */
  logFile: string;
  /** Called as soon as the process has an id, before it is ready. */
  onSpawn?: (pid: number) => void;
  /** Milliseconds until it must be ready. @default 60000 */
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** A service in its own process group: the terminal's Ctrl-C does not reach it, its starter stops it. */
export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** `host:port` from the ready line; empty if it serves nothing. */
  readonly address: string;
  /** Resolves when the process has ended, for any reason. */
  readonly ended: Promise<ServiceFailure>;
  /** Sends SIGTERM, and SIGKILL after the grace period (10,000 ms by default). Never rejects. */
  stop(gracePeriodMs?: number): Promise<void>;
}

/** Names in one line the service that ended or never served, its last error and its log. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';
}

/** @throws ServiceFailure if the process ends, or the timeout expires, before it is ready */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const { name, entry, env, logFile, timeoutMs = 60_000, signal } = options;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  if (child.pid) options.onSpawn?.(child.pid);

  const { ready, lastError, written } = readOutput(child, logFile);
  const ended = exitOf(child).then(async (exit) => {
    process.off('exit', kill);
    await written;
    return new ServiceFailure(`${name} ended (${exit})${lastError()}; log: ${relative(process.cwd(), logFile)}`);
  });
  const stop = (gracePeriodMs = 10_000) => stopProcess(child, ended, gracePeriodMs);

  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new ServiceFailure(`${name} was not ready within ${timeoutMs / 1000} s${lastError()}`)),
    timeoutMs,
  );
  const giveUp = () => reject(signal?.reason);
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    signal?.throwIfAborted();
    const early = ended.then((failure): never => {
      throw failure;
    });
    const { address = '' } = await Promise.race([ready, early, late]);
    return { name, pid: child.pid!, address, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
  }
}

interface Output {
  ready: Promise<LogLine>;
  lastError: () => string;
  /** Resolves when the log file is complete. */
  written: Promise<unknown>;
}

function readOutput(child: ChildProcess, logFile: string): Output {
  const log = createWriteStream(logFile);
  const { promise: ready, resolve } = Promise.withResolvers<LogLine>();
  let last: string | undefined;
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[stream]! }).on('line', (text) => {
      log.write(`${text}\n`);
      const line = parseLogLine(text);
      if (line.msg === 'ready') resolve(line);
      last = errorOf(line, stream) ?? last;
    });
  }
  child.once('close', () => log.end());
  const written = once(log, 'finish').catch(() => {}); // a full disk ends the log, not the service
  return { ready, written, lastError: () => (last ? `: ${last}` : '') };
}

interface LogLine {
  msg: string;
  /** pino's number: 50 and above are errors. */
  level?: number;
  address?: string;
  /** Message of the logged error. */
  error?: string;
}

/** Parses a pino line; any other line is a message. */
function parseLogLine(line: string): LogLine {
  try {
    const { msg = '', level, address, err } = JSON.parse(line);
    return { msg: String(msg), level: Number(level), address: address && String(address), error: err?.message };
  } catch {
    return { msg: line };
  }
}

/** The error in a line: a logged one, or the message that a crashing process writes to stderr. */
function errorOf({ msg, level, error }: LogLine, stream: 'stdout' | 'stderr'): string | undefined {
  const isError = level === undefined ? stream === 'stderr' && !PART_OF_A_STACK.test(msg) : level >= 50;
  const text = [msg, error && !msg.includes(error) ? error : ''].filter(Boolean).join(': ');
  return isError && text ? text.slice(0, 300) : undefined;
}

/** Node prints the source line, the stack and the error's properties around the message of an uncaught error. */
const PART_OF_A_STACK = /^(\s|node:|file:|\/|Node\.js v|\^|[{}\]]|throw |\(|$)/;

/** Waits for 'close' and not 'exit': the output has then been read to its end. */
async function exitOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'close');
    return signal ?? `exit ${code}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function stopProcess(child: ChildProcess, ended: Promise<unknown>, gracePeriodMs: number): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), gracePeriodMs);
  await ended;
  clearTimeout(timer);
}

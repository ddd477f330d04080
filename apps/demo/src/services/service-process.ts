import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { relative } from 'node:path';
import { createInterface } from 'node:readline';
import { type LoggedLine, loggedLine, trouble } from './logged-line.ts';

export interface ServiceOptions {
  /** What messages call it. */
  name: string;
  /** A TypeScript or JavaScript file that Node runs, and that prints a JSON line with `"msg":"ready"` once it serves. */
  entry: string;
  /** Its whole environment. */
  env: NodeJS.ProcessEnv;
  /** The file that its output is written to. */
  logFile: string;
  /** Called as soon as the process has an id, before it is ready. */
  onSpawn?: (pid: number) => void;
  /** Milliseconds until it must be ready. @default 60000 */
  patience?: number;
  signal?: AbortSignal;
}

/** A service in a process of its own, out of reach of the terminal's Ctrl-C: that is its starter's to hand on. */
export interface ServiceProcess {
  readonly name: string;
  readonly pid: number;
  /** `host:port` that it is bound to, as its ready line says; empty when it serves nothing. */
  readonly address: string;
  /** Resolves when the process has ended, whatever ended it. */
  readonly ended: Promise<ServiceFailure>;
  /** SIGTERM, and SIGKILL when that has not ended it after so many milliseconds (10,000 by default). Never rejects. */
  stop(patience?: number): Promise<void>;
}

/** Says in one line which service ended or never served, what it said last, and where its log is. */
export class ServiceFailure extends Error {
  override readonly name = 'ServiceFailure';
}

/** @throws ServiceFailure when the process ends, or the time is over, before it is ready */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  const { name, entry, env, logFile, patience = 60_000, signal } = options;
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  if (child.pid) options.onSpawn?.(child.pid);

  const { ready, lastWords, written } = readOutput(child, logFile);
  const ended = endOf(child).then(async (how) => {
    process.off('exit', kill);
    await written;
    return new ServiceFailure(`${name} ended (${how})${lastWords()}; log: ${relative(process.cwd(), logFile)}`);
  });
  const stop = (wait = 10_000) => stopProcess(child, ended, wait);

  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new ServiceFailure(`${name} is not ready after ${patience / 1000} s${lastWords()}`)),
    patience,
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
  ready: Promise<LoggedLine>;
  lastWords: () => string;
  /** The log is complete. */
  written: Promise<unknown>;
}

function readOutput(child: ChildProcess, logFile: string): Output {
  const log = createWriteStream(logFile);
  const { promise: ready, resolve } = Promise.withResolvers<LoggedLine>();
  let words: string | undefined;
  for (const stream of ['stdout', 'stderr'] as const) {
    createInterface({ input: child[stream]! }).on('line', (line) => {
      log.write(`${line}\n`);
      const logged = loggedLine(line);
      if (logged.msg === 'ready') resolve(logged);
      words = trouble(logged, stream) ?? words;
    });
  }
  child.once('close', () => log.end());
  const written = once(log, 'finish').catch(() => {}); // a full disk ends the log, not the service
  return { ready, written, lastWords: () => (words ? `: ${words}` : '') };
}

/** 'close' and not 'exit': the output has then been read to its end. */
async function endOf(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = await once(child, 'close');
    return signal ?? `exit ${code}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function stopProcess(child: ChildProcess, ended: Promise<unknown>, patience: number): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  await ended;
  clearTimeout(timer);
}

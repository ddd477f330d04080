import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { settlesWithin } from '@hatchet-ts/internal/deadline';

/** Telemetry that has to leave a process before it ends. */
export interface EndingTelemetry {
  /** Milliseconds by which its flush may delay the end. */
  readonly flushMillis: number;
  /** Number of spans that have ended so far. */
  endedSpans(): number;
  /** Sends what is queued. May take any time and may reject. */
  flush(): Promise<unknown>;
  /**
   * Settles the spans that are left when the process ends. Synchronous.
   *
   * @param mayWait false if a flush was late, so that another try would only delay the end
   */
  settle(mayWait: boolean): void;
}

/**
 * Flushes telemetry when the process ends: when the event loop is empty, and on SIGTERM, SIGINT and SIGHUP, which then end
 * the process as they would have. If the application listens for a signal as well, its listener decides about the end.
 * In the `exit` event, where nothing asynchronous runs any more, and before a signal ends the process, spans that are
 * left are settled. Neither `process.exit` nor the handling of uncaught exceptions changes.
 *
 * @returns a function that stops all that for this telemetry
 */
export function flushAtEnd(telemetry: EndingTelemetry): () => void {
  // The packages bundle this file, and two sets of signal listeners would each take the other for the application's.
  holder[KEY] ??= new ProcessEnd();
  return holder[KEY].add(telemetry);
}

/** Milliseconds that a synchronous child may take to send the last batch. */
const CHILD_MILLIS = 2000;

/** Process that sends the last batch. */
export interface LastBatchChild {
  /** Module that reads the batch from standard input and prints its result. */
  readonly script: URL;
  readonly args?: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Default: 2000. */
  readonly timeoutMillis?: number;
}

/**
 * Runs a process that sends the last batch and waits for it: the only way to send from the `exit` event.
 *
 * @returns its standard output; undefined if it failed or was late
 */
export function runLastBatchChild(
  { script, args = [], env, cwd, timeoutMillis = CHILD_MILLIS }: LastBatchChild,
  input: Buffer,
): string | undefined {
  const { status, stdout } = spawnSync(process.execPath, ['--no-warnings', fileURLToPath(script), ...args], {
    cwd,
    // NODE_OPTIONS may load the application's modules, and these entries again
    env: { ...env, NODE_OPTIONS: '' },
    input,
    stdio: ['pipe', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: timeoutMillis,
    killSignal: 'SIGKILL',
    windowsHide: true,
  });
  return status === 0 ? stdout : undefined;
}

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
type EndingSignal = (typeof SIGNALS)[number];

/** Listeners for the end of the process. */
class ProcessEnd {
  readonly #flushedAt = new Map<EndingTelemetry, number>();
  readonly #late = new Set<EndingTelemetry>();
  #isEnding = false;

  add(telemetry: EndingTelemetry): () => void {
    if (this.#flushedAt.size === 0) this.#listen();
    this.#flushedAt.set(telemetry, -1);
    return () => {
      if (this.#flushedAt.delete(telemetry) && this.#flushedAt.size === 0) this.#ignore();
    };
  }

  #listen(): void {
    process.on('beforeExit', this.#onBeforeExit);
    process.on('exit', this.#onExit);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  #ignore(): void {
    process.off('beforeExit', this.#onBeforeExit);
    process.off('exit', this.#onExit);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  /** A flush makes the event loop run and so leads to the next `beforeExit`; without new spans, that one does nothing. */
  readonly #onBeforeExit = (): void => {
    for (const [telemetry, ended] of this.#flushedAt) {
      if (ended !== telemetry.endedSpans() && !this.#late.has(telemetry)) void this.#flush(telemetry);
    }
  };

  readonly #onExit = (): void => {
    for (const telemetry of this.#flushedAt.keys()) telemetry.settle(!this.#late.has(telemetry));
  };

  readonly #onSignal = async (signal: EndingSignal): Promise<void> => {
    const isApplications = hasOtherListeners(signal);
    if (!isApplications && this.#isEnding) return this.#end(signal); // the second signal does not wait
    if (!isApplications) this.#isEnding = true;
    await Promise.all([...this.#flushedAt.keys()].map((telemetry) => this.#flush(telemetry)));
    if (!isApplications) this.#end(signal);
  };

  async #flush(telemetry: EndingTelemetry): Promise<void> {
    this.#flushedAt.set(telemetry, telemetry.endedSpans());
    if (!(await settlesWithin(telemetry.flush(), telemetry.flushMillis))) this.#late.add(telemetry);
  }

  /** Ends the process by the signal, as without a listener. The kernel ignores unhandled signals to process 1. */
  #end(signal: EndingSignal): void {
    if (process.pid === 1) process.exit(128 + constants.signals[signal]);
    this.#onExit();
    process.off(signal, this.#onSignal);
    process.kill(process.pid, signal);
  }
}

/**
 * Returns true if the application listens for the signal. The listeners of signal-exit, which execa and many others use,
 * do not count: they end the process only if there are no others.
 */
function hasOtherListeners(signal: EndingSignal): boolean {
  const { [SIGNAL_EXIT]: version4 } = globalThis as { [SIGNAL_EXIT]?: { readonly count?: number } };
  const { __signal_exit_emitter__: version3 } = process as { __signal_exit_emitter__?: { readonly count?: number } };
  return process.listenerCount(signal) > 1 + (version4?.count ?? 0) + (version3?.count ?? 0);
}

const SIGNAL_EXIT = Symbol.for('signal-exit emitter');
const KEY = Symbol.for('@hatchet-ts/process-end');
const holder = globalThis as { [KEY]?: ProcessEnd };

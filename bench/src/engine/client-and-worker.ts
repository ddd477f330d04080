import { setTimeout as delay } from 'node:timers/promises';
import { ChildProgram } from '../child-program.ts';
import type { Installation } from './installation.ts';

/** Input of a run. */
export interface RunInput extends Record<string, string | number> {
  round: string;
  index: number;
}

/** Start of a task, as the worker reports it. */
export interface TaskStart {
  round: string;
  index: number;
  /** Milliseconds since 1970, with a fraction. */
  at: number;
}

const WORKER = new URL('./worker-process.ts', import.meta.url);
const TIMEOUT_MS = 120_000;

/** A client in this process and a worker in a process of its own, both with the official SDK. */
export class ClientAndWorker {
  readonly #task: Task;
  readonly #worker: ChildProgram;
  readonly #starts = new Map<string, Map<number, number>>();

  private constructor(task: Task, worker: ChildProgram) {
    this.#task = task;
    this.#worker = worker;
    worker.onMessage<TaskStart[]>((starts) => {
      for (const { round, index, at } of starts) this.#startsOf(round).set(index, at);
    });
  }

  static async start({ client }: Installation, slots: number): Promise<ClientAndWorker> {
    Object.assign(process.env, client);
    const worker = new ChildProgram(WORKER, [], { env: { ...process.env, ...client, SLOTS: String(slots) } });
    await worker.receive();
    const pair = new ClientAndWorker(await createTask(), worker);
    await pair.runBurst(200); // warms up connections, compiled code and query plans
    return pair;
  }

  /** Starts runs in one call. Resolves, after all have started, to the number of starts per second since the call. */
  async runBurst(runs: number): Promise<number> {
    const round = this.#nextRound();
    const began = now();
    await this.#task.runNoWait(Array.from({ length: runs }, (_, index) => ({ round, index })));
    const starts = await this.#waitForStarts(round, runs);
    return runs / ((Math.max(...starts.values()) - began) / 1000);
  }

  /** Starts runs one by one at an interval. Resolves to the milliseconds from each call to the start of its task. */
  async runPaced(runs: number, intervalMs: number): Promise<number[]> {
    const round = this.#nextRound();
    const called: number[] = [];
    for (let index = 0; index < runs; index++) {
      called.push(now());
      await this.#task.runNoWait({ round, index });
      await delay(intervalMs);
    }
    const starts = await this.#waitForStarts(round, runs);
    return called.map((at, index) => starts.get(index)! - at);
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  #nextRound(): string {
    return `round ${this.#starts.size + 1}`;
  }

  async #waitForStarts(round: string, count: number): Promise<Map<number, number>> {
    const starts = this.#startsOf(round);
    const deadline = AbortSignal.timeout(TIMEOUT_MS);
    while (starts.size < count) await this.#worker.receive({ deadline });
    return starts;
  }

  #startsOf(round: string): Map<number, number> {
    const starts = this.#starts.get(round) ?? new Map<number, number>();
    this.#starts.set(round, starts);
    return starts;
  }
}

type Task = Awaited<ReturnType<typeof createTask>>;

/** Imports the SDK only here, because it reads the environment when it is imported. */
async function createTask() {
  const { HatchetClient } = await import('@hatchet-dev/typescript-sdk/v1/index.js');
  return HatchetClient.init().task({ name: 'noop', fn: (_: RunInput) => ({}) });
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

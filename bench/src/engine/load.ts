import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Installation } from './installation.ts';

/** The input of a run. */
export interface Load extends Record<string, string | number> {
  round: string;
  index: number;
}

export interface Started {
  round: string;
  index: number;
  /** Milliseconds since 1970, with fractions. */
  at: number;
}

/** A client in this process and a worker in one of its own, both of the official SDK. */
export interface Crew {
  /** Starts so many runs in one call; resolves, once all have started, to runs per second from the call on. */
  burst(runs: number): Promise<number>;
  /** Starts runs one by one, so many milliseconds apart; resolves to the milliseconds from each call to its start. */
  paced(runs: number, everyMs: number): Promise<number[]>;
  stop(): Promise<void>;
}

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
const PATIENCE_MS = 120_000;

export async function startCrew({ client }: Installation, slots: number): Promise<Crew> {
  Object.assign(process.env, client);
  const { HatchetClient } = await import('@hatchet-dev/typescript-sdk/v1/index.js');
  const worker = fork(WORKER, { env: { ...process.env, ...client, SLOTS: String(slots) } });
  await once(worker, 'message');
  const starts = new Starts(worker);
  const task = HatchetClient.init().task({ name: 'noop', fn: (_: Load) => ({}) });
  let rounds = 0;
  const nextRound = () => `round ${++rounds}`;

  const crew: Crew = {
    async burst(runs) {
      const round = nextRound();
      const began = now();
      await task.runNoWait(Array.from({ length: runs }, (_, index) => ({ round, index })));
      const all = await starts.of(round, runs);
      return runs / ((Math.max(...all.values()) - began) / 1000);
    },
    async paced(runs, everyMs) {
      const round = nextRound();
      const called: number[] = [];
      for (let index = 0; index < runs; index++) {
        called.push(now());
        await task.runNoWait({ round, index });
        await delay(everyMs);
      }
      const all = await starts.of(round, runs);
      return called.map((at, index) => all.get(index)! - at);
    },
    async stop() {
      worker.send('stop');
      await once(worker, 'exit');
    },
  };
  await crew.burst(200); // connections, compiled code, plans
  return crew;
}

class Starts {
  readonly #rounds = new Map<string, Map<number, number>>();
  readonly #worker: ChildProcess;

  constructor(worker: ChildProcess) {
    this.#worker = worker;
    worker.on('message', (started: Started[]) => {
      for (const { round, index, at } of started) this.#round(round).set(index, at);
    });
  }

  async of(round: string, count: number): Promise<Map<number, number>> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    while (this.#round(round).size < count) await once(this.#worker, 'message', { signal });
    return this.#round(round);
  }

  #round(name: string): Map<number, number> {
    const known = this.#rounds.get(name) ?? new Map<number, number>();
    this.#rounds.set(name, known);
    return known;
  }
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

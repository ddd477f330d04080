import { setTimeout } from 'node:timers/promises';
import { waitUntil } from '@hatchet-ts/trace-testing';
import { expect } from 'vitest';
import type { Deployment } from '../harness/deployment.ts';
import { trigger } from '../harness/rest.ts';

const TIMEOUT_MS = 120_000;

export interface LoadOptions {
  /** Triggered runs per second. Default: 10. */
  perSecond?: number;
  /** Retries requests that fail, for a fault that makes the API's dependencies unavailable. Default: false. */
  mayFail?: boolean;
  /** Ignores requests that fail, for a fault that ends the API. Default: false. */
  mayEnd?: boolean;
}

/** Runs of the echo task, each with its own text that must come back as its result. */
export class Load {
  readonly #deployment: Deployment;
  /** Text of each accepted run, by run id. */
  readonly #texts = new Map<string, string>();

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  /** Number of runs that the API has accepted. */
  get size(): number {
    return this.#texts.size;
  }

  /** Triggers runs over the API at a steady rate for the duration of a fault. */
  async during(
    fault: () => Promise<void>,
    { perSecond = 10, mayFail = false, mayEnd = false }: LoadOptions = {},
  ): Promise<void> {
    const requests: Promise<void>[] = [];
    let isOver = false;
    const sendSteadily = async () => {
      for (const startedAt = performance.now(); !isOver; ) {
        const request = this.#trigger(`text ${this.#texts.size}/${requests.length}`, mayFail);
        requests.push(mayEnd ? request.catch(() => {}) : request);
        await setTimeout(Math.max(0, startedAt + (requests.length * 1000) / perSecond - performance.now()));
      }
    };
    const sending = sendSteadily();
    try {
      await fault();
    } finally {
      isOver = true;
      await sending;
      const answers = await Promise.allSettled(requests);
      expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
    }
  }

  /** Waits until the API has accepted this many more runs. */
  async grownBy(runs: number): Promise<void> {
    const wanted = this.size + runs;
    await waitUntil(`run ${wanted}`, () => this.size >= wanted, {
      timeoutMs: TIMEOUT_MS,
      describe: () => `the API has accepted ${this.size} runs`,
    });
  }

  /** Waits until all runs have ended, and fails the test unless each has the right result. */
  async completed(): Promise<void> {
    const rows = await this.#endedRuns();
    const byId = new Map(rows.map(({ id, status, output }) => [id, { status, output: JSON.parse(output ?? 'null') }]));
    expect([...this.#texts].map(([id]) => ({ id, ...byId.get(id) }))).toEqual(
      [...this.#texts].map(([id, text]) => ({ id, status: 'COMPLETED', output: { text } })),
    );
    // includes runs of retried requests whose first response was lost
    expect(rows.filter(({ status }) => status !== 'COMPLETED')).toEqual([]);
  }

  async #trigger(text: string, mayFail: boolean): Promise<void> {
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      try {
        this.#texts.set(await trigger(this.#deployment, { workflowName: 'echo', input: { text } }), text);
        return;
      } catch (error) {
        if (!mayFail || Date.now() > deadline) throw error;
        await setTimeout(200);
      }
    }
  }

  async #endedRuns(): Promise<Row[]> {
    let unfinished = '';
    const probe = async () => {
      const { rows } = await this.#deployment.database.query<Row>(
        'SELECT r.id, r.status, t.output FROM run r JOIN task t ON t.run_id = r.id',
      );
      const open = rows.filter(({ status }) => !FINAL.has(status));
      unfinished = `${open.length} of ${rows.length} runs are unfinished`;
      return open.length === 0 && rows.length >= this.#texts.size && rows;
    };
    return waitUntil('the end of all runs', probe, {
      timeoutMs: TIMEOUT_MS,
      intervalMs: 100,
      describe: () => unfinished,
    });
  }
}

const FINAL = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

interface Row {
  id: string;
  status: string;
  output: string | null;
}

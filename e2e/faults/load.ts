import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Deployment } from '../harness/deployment.ts';
import { trigger } from '../harness/rest.ts';

const DEADLINE_MS = 120_000;

export interface LoadOptions {
  /** Runs that are triggered a second. */
  perSecond?: number;
  /** Whether a request may fail, since what it needs is away; a client then sends it again. */
  mayFail?: boolean;
  /** Whether the API is ended by the fault: what it does not take then is not sent again. */
  mayEnd?: boolean;
}

/** Runs of the echo task, each with a text of its own that must come back as its result. */
export class Load {
  readonly #deployment: Deployment;
  /** What was sent, by the id of the run. */
  readonly #sent = new Map<string, string>();

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
  }

  /** How many runs the API has taken. */
  get size(): number {
    return this.#sent.size;
  }

  /** Triggers runs over the API at a steady pace for as long as a fault takes. */
  async during(
    fault: () => Promise<void>,
    { perSecond = 10, mayFail = false, mayEnd = false }: LoadOptions = {},
  ): Promise<void> {
    const requests: Promise<void>[] = [];
    let isOver = false;
    const pace = async () => {
      for (const startedAt = performance.now(); !isOver; ) {
        const request = this.#trigger(`text ${this.#sent.size}/${requests.length}`, mayFail);
        requests.push(mayEnd ? request.catch(() => {}) : request);
        await setTimeout(Math.max(0, startedAt + (requests.length * 1000) / perSecond - performance.now()));
      }
    };
    const paced = pace();
    try {
      await fault();
    } finally {
      isOver = true;
      await paced;
      const answers = await Promise.allSettled(requests);
      expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
    }
  }

  /** Waits until the API has taken so many more. */
  async grownBy(runs: number): Promise<void> {
    const wanted = this.size + runs;
    const deadline = Date.now() + DEADLINE_MS;
    while (this.size < wanted) {
      if (Date.now() > deadline) throw new Error(`the API has taken ${this.size} runs, and not ${wanted}`);
      await setTimeout(50);
    }
  }

  /** Waits until all have ended, and fails the test unless each has the right result. */
  async completed(): Promise<void> {
    const rows = await this.#endedRuns();
    const byId = new Map(rows.map(({ id, status, output }) => [id, { status, output: JSON.parse(output ?? 'null') }]));
    expect([...this.#sent].map(([id]) => ({ id, ...byId.get(id) }))).toEqual(
      [...this.#sent].map(([id, text]) => ({ id, status: 'COMPLETED', output: { text } })),
    );
    // what was sent again after an answer that was lost
    expect(rows.filter(({ status }) => status !== 'COMPLETED')).toEqual([]);
  }

  async #trigger(text: string, mayFail: boolean): Promise<void> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      try {
        this.#sent.set(await trigger(this.#deployment, { workflowName: 'echo', input: { text } }), text);
        return;
      } catch (error) {
        if (!mayFail || Date.now() > deadline) throw error;
        await setTimeout(200);
      }
    }
  }

  async #endedRuns(): Promise<Row[]> {
    const deadline = Date.now() + DEADLINE_MS;
    for (;;) {
      const { rows } = await this.#deployment.database.query<Row>(
        'SELECT r.id, r.status, t.output FROM run r JOIN task t ON t.run_id = r.id',
      );
      const going = rows.filter(({ status }) => !FINAL.has(status));
      if (going.length === 0 && rows.length >= this.#sent.size) return rows;
      if (Date.now() > deadline) throw new Error(`${going.length} of ${rows.length} runs do not end`);
      await setTimeout(100);
    }
  }
}

const FINAL = new Set(['COMPLETED', 'FAILED', 'CANCELLED']);

interface Row {
  id: string;
  status: string;
  output: string | null;
}

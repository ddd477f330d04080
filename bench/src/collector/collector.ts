import { ChildProgram } from '../child-program.ts';

/** Requests to the collector process. `reset` discards the received spans. */
export type CollectorRequest = 'listen' | 'stop' | 'reset' | 'count';

export interface CollectorAnswer {
  readonly port: number;
  /** Number of distinct spans, as the answer to `count`. Otherwise 0. */
  readonly spans: number;
}

/** A collector in a process of its own, so that its work does not count as the work of the measured process. */
export class Collector {
  readonly address: string;
  readonly #process: ChildProgram;

  private constructor(process: ChildProgram, port: number) {
    this.#process = process;
    this.address = `127.0.0.1:${port}`;
  }

  static async start(): Promise<Collector> {
    const process = new ChildProgram(new URL('./collector-process.ts', import.meta.url));
    const { port } = await process.request<CollectorAnswer>('listen');
    return new Collector(process, port);
  }

  request(request: CollectorRequest): Promise<CollectorAnswer> {
    return this.#process.request(request);
  }

  /** Counts the distinct spans that have arrived. */
  async countSpans(): Promise<number> {
    return (await this.request('count')).spans;
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type SinkRequest = 'listen' | 'stop' | 'forget' | 'count';

export interface SinkAnswer {
  readonly port: number;
  /** Of a `count`: how many spans that came differ. */
  readonly spans: number;
}

/** The process that plays the collector. */
export interface Sink {
  readonly address: string;
  ask(request: SinkRequest): Promise<SinkAnswer>;
  close(): void;
}

export async function startSink(): Promise<Sink> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./sink.ts', import.meta.url)));
  const ask = async (request: SinkRequest) => {
    child.send(request);
    const [answer] = (await once(child, 'message')) as [SinkAnswer];
    return answer;
  };
  const { port } = await ask('listen');
  return { address: `127.0.0.1:${port}`, ask, close: () => child.kill() };
}

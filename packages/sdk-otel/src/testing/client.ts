import { afterAll, afterEach } from 'vitest';
import { HatchetInstrumentor } from '../instrumentor.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { type Recorder, startRecorder } from './recorder.ts';

/** Traced client of the real SDK with its engine. */
export interface TestClient {
  readonly engine: TestEngine;
  readonly recorder: Recorder;
  readonly instrumentor: HatchetInstrumentor;
}

/** Starts a traced client for the tests of a file; resets it after each test. */
export async function setUpClient(config?: Parameters<typeof startEngine>[0]): Promise<TestClient> {
  const recorder = startRecorder();
  const engine = await startEngine(config);
  const instrumentor = new HatchetInstrumentor({ tracerProvider: recorder.provider });
  afterEach(() => {
    instrumentor.setConfig({});
    instrumentor.setTracerProvider(recorder.provider);
    instrumentor.enable();
    engine.reset();
    recorder.take();
  });
  afterAll(async () => {
    instrumentor.uninstrument();
    await engine.stop();
  });
  return { engine, recorder, instrumentor };
}

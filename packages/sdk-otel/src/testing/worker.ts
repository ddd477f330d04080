import type { DurableContext, Worker } from '@hatchet-dev/typescript-sdk';
import { context, createContextKey, trace } from '@opentelemetry/api';
import { afterAll, afterEach } from 'vitest';
import { HatchetInstrumentor } from '../instrumentor.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { type Recorder, startRecorder } from './recorder.ts';

/** Part of a task's context that tests use. */
export interface TaskContext {
  readonly abortController: AbortController;
  retryCount(): number;
  additionalMetadata(): object;
  cancel(): Promise<void>;
  readonly logger: { info(message: string, extra?: object): unknown; error(message: string, extra?: object): unknown };
}

/** Worker of the real SDK with the tasks `work`, `steps` (durable) and `pack` (batch), whose functions a test sets. */
export interface TestWorker {
  readonly engine: TestEngine;
  readonly recorder: Recorder;
  readonly instrumentor: HatchetInstrumentor;
  readonly worker: Worker;
  body: (ctx: TaskContext) => unknown;
  durableBody: (ctx: DurableContext<object>) => unknown;
  batchBody: (items: Record<string, object>, ctx: TaskContext) => unknown;
}

/** Key of the context in which the worker is started. */
export const LISTENER: symbol = createContextKey('of the listener loop');

/**
 * Starts a worker for the tests of a file, inside a span of the application that must not become a parent of tasks.
 * Resets it after each test.
 */
export async function setUpWorker(): Promise<TestWorker> {
  const recorder = startRecorder();
  const engine = await startEngine();
  const instrumentor = new HatchetInstrumentor({ tracerProvider: recorder.provider });
  const task = engine.client.task({
    name: 'work',
    fn: async (_input: object, ctx) => (await test.body(ctx)) as Record<string, string>,
  });
  const steps = engine.client.durableTask({
    name: 'steps',
    fn: async (_input: object, ctx) => (await test.durableBody(ctx)) as Record<string, string>,
  });
  const pack = engine.client.batchTask({
    name: 'pack',
    batch: { maxSize: 10 },
    fn: async (items: Record<string, object>, ctx: TaskContext) =>
      (await test.batchBody(items, ctx)) as Record<string, Record<string, string>>,
  });
  const worker = await engine.client.worker('worker-1', {
    workflows: [task, steps, pack],
    handleKill: false,
  });
  const test: TestWorker = {
    engine,
    recorder,
    instrumentor,
    worker,
    body: () => ({}),
    durableBody: () => ({}),
    batchBody: () => ({}),
  };
  afterEach(() => {
    instrumentor.setConfig({});
    instrumentor.setTracerProvider(recorder.provider);
    engine.reset();
    test.body = test.durableBody = test.batchBody = () => ({});
    recorder.take();
  });
  afterAll(async () => {
    await worker.stop();
    instrumentor.uninstrument();
    await engine.stop();
  });
  const span = recorder.provider.getTracer('app').startSpan('start');
  const starting = trace.setSpan(context.active().setValue(LISTENER, 'kept'), span);
  void context.with(starting, () => worker.start());
  return test;
}

import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { AttemptMemory } from '../attempts/attempt-memory.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { startEngine, type TestEngine } from '../testing/engine.ts';
import { stopWorkerDuringTask } from '../testing/stopped-worker.ts';
import { exitAfterFlush } from './worker-exit.ts';

let engine: TestEngine;
let collector: OtlpReceiver | undefined;

beforeAll(async () => {
  engine = await startEngine();
});
afterEach(() => {
  collector?.stop();
  vi.restoreAllMocks();
});
afterAll(() => engine.stop());

test('a worker that the SDK stops after SIGTERM loses no span', { timeout: 30_000 }, async () => {
  collector = await OtlpReceiver.start();
  expect(await stopWorkerDuringTask(engine, collector)).toEqual({ code: 0, signal: null });
  const names = collector.spans.map(({ name }) => name);
  expect(names.filter((name) => name.startsWith('hatchet.')).sort()).toEqual([
    'hatchet.push_event',
    'hatchet.start_step_run',
  ]);
});

// the exporter's own timeout is ten seconds
test('a collector that does not respond does not delay the exit', { timeout: 9000 }, async () => {
  collector = await OtlpReceiver.start({ answer: 'hang' });
  expect(await stopWorkerDuringTask(engine, collector)).toEqual({ code: 0, signal: null });
});

const telemetry = (flush: () => Promise<void>): Telemetry =>
  ({ attempts: new AttemptMemory(), flush }) as unknown as Telemetry;
const mockExit = () =>
  vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exit');
  });

test('an error of the stop is passed on after the flush', async () => {
  const exit = mockExit();
  const flush = vi.fn(async () => undefined);
  const thrown = new Error('theirs');
  await expect(exitAfterFlush(telemetry(flush), () => Promise.reject(thrown))).rejects.toBe(thrown);
  expect(flush).toHaveBeenCalledOnce();
  expect(exit).not.toHaveBeenCalled();
});

test('a failed flush does not prevent the exit', async () => {
  mockExit();
  await expect(
    exitAfterFlush(
      telemetry(() => {
        throw new Error('ours');
      }),
      async () => undefined,
    ),
  ).rejects.toThrow('exit');
  await expect(
    exitAfterFlush(
      telemetry(() => Promise.reject(new Error('ours'))),
      async () => undefined,
    ),
  ).rejects.toThrow('exit');
});

test('the flush waits for spans that are still open', async () => {
  mockExit();
  const order: string[] = [];
  const open = telemetry(async () => void order.push('flushed'));
  const attempt = { taskRunId: 'a', retryCount: 0, invocation: 0, observe: () => undefined };
  open.attempts.add(attempt);
  const end = exitAfterFlush(open, async () => void order.push('stopped'));
  await vi.waitUntil(() => order.length > 0);
  order.push('ended');
  open.attempts.end(attempt);
  await expect(end).rejects.toThrow('exit');
  expect(order).toEqual(['stopped', 'ended', 'flushed']);
});

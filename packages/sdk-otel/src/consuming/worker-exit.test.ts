import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { AttemptMemory } from '../attempts/attempt-memory.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { occurrences, startCollector, type TestCollector } from '../testing/collector.ts';
import { startEngine, type TestEngine } from '../testing/engine.ts';
import { stoppedWorker } from '../testing/stopped-worker.ts';
import { exitAfterFlush } from './worker-exit.ts';

let engine: TestEngine;
let collector: TestCollector | undefined;

beforeAll(async () => {
  engine = await startEngine();
});
afterEach(() => {
  collector?.stop();
  vi.restoreAllMocks();
});
afterAll(() => engine.stop());

test('a worker that the SDK ends after SIGTERM loses no span', { timeout: 30_000 }, async () => {
  collector = await startCollector();
  expect(await stoppedWorker(engine, collector)).toBe(0);
  expect(occurrences(collector, 'hatchet.start_step_run')).toBe(1);
  expect(occurrences(collector, 'hatchet.push_event')).toBe(1);
});

// the exporter itself waits for ten seconds
test('a collector that does not answer does not keep the process', { timeout: 9000 }, async () => {
  collector = await startCollector({ answers: false });
  expect(await stoppedWorker(engine, collector)).toBe(0);
});

const telemetry = (flush: () => Promise<void>): Telemetry =>
  ({ attempts: new AttemptMemory(), flush }) as unknown as Telemetry;
const exits = () =>
  vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exit');
  });

test('what stopping throws comes through, after the spans were sent', async () => {
  const exit = exits();
  const flush = vi.fn(async () => undefined);
  const thrown = new Error('theirs');
  await expect(exitAfterFlush(telemetry(flush), () => Promise.reject(thrown))).rejects.toBe(thrown);
  expect(flush).toHaveBeenCalledOnce();
  expect(exit).not.toHaveBeenCalled();
});

test('a flush that fails does not keep the process', async () => {
  exits();
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

test('spans that are still open are waited for, before they are sent', async () => {
  exits();
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

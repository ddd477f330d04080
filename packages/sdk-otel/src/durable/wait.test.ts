import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, test } from 'vitest';
import { traceCall } from '../call/prepared-call.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { startRecorder } from '../testing/recorder.ts';
import { createTelemetry } from '../testing/telemetry.ts';
import { activeTurn, prepareWait, type WaitingTask } from './wait.ts';

const recorder = startRecorder();
const task: WaitingTask = { taskRunId: 'task', invocation: 1, client: undefined, signal: undefined, withoutLog: false };
const wait = (kit: Telemetry, host: WaitingTask, call: () => Promise<unknown>) =>
  traceCall('waiting', [], call, () => prepareWait<[], Promise<unknown>>(kit, 'durable.wait_for', [], host));

afterEach(() => void recorder.take());

test('a wait whose turn never comes makes no span', async () => {
  await wait(createTelemetry(recorder), task, async () => undefined);
  expect(recorder.take()).toEqual([]);
});

test('a wait begins once, when its turn comes', async () => {
  await wait(createTelemetry(recorder), task, async () => {
    activeTurn()?.begin();
    activeTurn()?.begin();
  });
  expect(recorder.take().map(({ attributes }) => attributes['hatchet.outcome'])).toEqual(['completed']);
});

test('on an engine without an event log it begins at once', async () => {
  await wait(createTelemetry(recorder), { ...task, withoutLog: true }, async () => undefined);
  expect(recorder.take()).toHaveLength(1);
});

test('what the engine evicted without a signal is evicted', async () => {
  const evicted = Object.assign(new Error('evicted'), { reason: 'evicted' });
  const call = async () => {
    activeTurn()?.begin();
    throw evicted;
  };
  await expect(wait(createTelemetry(recorder), task, call)).rejects.toBe(evicted);
  expect(recorder.take()[0]?.attributes['hatchet.outcome']).toBe('evicted');
});

test('a wait that is not recorded ends in silence', async () => {
  const off = createTelemetry(startRecorder(new AlwaysOffSampler()));
  const call = async () => {
    activeTurn()?.begin();
    throw new Error('theirs');
  };
  await expect(wait(off, task, call)).rejects.toThrow('theirs');
});

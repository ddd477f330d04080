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
  traceCall('tracing a wait', [], call, () => prepareWait<[], Promise<unknown>>(kit, 'durable.wait_for', [], host));

afterEach(() => void recorder.take());

test('a wait without a turn makes no span', async () => {
  await wait(createTelemetry(recorder), task, async () => undefined);
  expect(recorder.take()).toEqual([]);
});

test('a wait starts its span once, when its turn begins', async () => {
  await wait(createTelemetry(recorder), task, async () => {
    activeTurn()?.begin();
    activeTurn()?.begin();
  });
  expect(recorder.take().map(({ attributes }) => attributes['hatchet.outcome'])).toEqual(['completed']);
});

test('on an engine without an event log the span starts at once', async () => {
  await wait(createTelemetry(recorder), { ...task, withoutLog: true }, async () => undefined);
  expect(recorder.take()).toHaveLength(1);
});

test('a wait that the engine evicts without a signal is evicted', async () => {
  const evicted = Object.assign(new Error('evicted'), { reason: 'evicted' });
  const call = async () => {
    activeTurn()?.begin();
    throw evicted;
  };
  await expect(wait(createTelemetry(recorder), task, call)).rejects.toBe(evicted);
  expect(recorder.take()[0]?.attributes['hatchet.outcome']).toBe('evicted');
});

test('a wait that is not recorded only passes on its rejection', async () => {
  const off = createTelemetry(startRecorder(new AlwaysOffSampler()));
  const call = async () => {
    activeTurn()?.begin();
    throw new Error('theirs');
  };
  await expect(wait(off, task, call)).rejects.toThrow('theirs');
});

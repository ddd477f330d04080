import { afterEach, beforeEach, expect, it } from 'vitest';
import { CALLER, KEPT, type Recording, startRecording } from '../testing/recording.ts';
import { recordEngineSpan } from './engine-span.ts';
import { runSpan } from './run-span.ts';

let recording: Recording;
beforeEach(() => {
  recording = startRecording();
});
afterEach(() => recording.telemetry.shutdown());

/** Runs work that fails; returns everything that its span recorded. */
async function failedSpan(thrown: unknown) {
  const work = () => runSpan('queue', { attributes: { 'queue.name': 'a\0b' } }, () => Promise.reject(thrown));
  await expect(work()).rejects.toBe(thrown);
  const [span] = await recording.spans();
  return { status: span?.status.message ?? '', attributes: span?.attributes, exception: span?.events[0]?.attributes };
}

it('an error is recorded with its causes', async () => {
  const { exception } = await failedSpan(new Error('order failed', { cause: new Error('no money') }));
  expect(exception?.['exception.stacktrace']).toMatch(/^Error: order failed\n[\s\S]*\n {2}\[cause]: Error: no money\n/);
});

it('control characters of an error reach no field of the span, which the engine could not store', async () => {
  const span = await failedSpan(Object.assign(new Error('a\0b'), { name: 'Bad\0Error' }));
  expect(span).toMatchObject({
    status: 'a\ufffdb',
    attributes: { 'error.type': 'Bad\ufffdError', 'hatchet.run/queue.name': 'a\ufffdb' },
    exception: { 'exception.type': 'Bad\ufffdError', 'exception.message': 'a\ufffdb' },
  });
  expect(JSON.stringify(span)).not.toContain('\\u0000');
});

it('a long error is cut', async () => {
  const { status, exception } = await failedSpan(new Error('x'.repeat(1_400_000)));
  expect(status).toHaveLength(4096);
  expect(exception?.['exception.message']).toHaveLength(4096);
  expect(String(exception?.['exception.stacktrace']).length).toBeLessThanOrEqual(16_384);
});

it('an error that throws when it is read reaches the caller unchanged', async () => {
  const hostile = Object.defineProperty(new Error('mine'), 'message', {
    get() {
      throw new Error('not readable');
    },
  });
  expect(await failedSpan(hostile)).toMatchObject({ status: 'an error with a property that cannot be read' });
});

it('the text of an engine span is clean and cut', async () => {
  const own = { traceId: KEPT, spanId: CALLER, traceFlags: 1 };
  const error = `a\0b${'x'.repeat(10_000)}`;
  const attributes = { workflow_name: 'c\0d' };
  recordEngineSpan('workflow_run', { own, startTime: 1, endTime: 2, attributes, error, errorType: 'E\0' });
  const [span] = await recording.spans();
  expect(span?.status.message).toMatch(/^a\ufffdbx+…$/);
  expect(span?.status.message).toHaveLength(4096);
  expect(span?.attributes).toMatchObject({ 'hatchet.workflow_name': 'c\ufffdd', 'error.type': 'E\ufffd' });
});

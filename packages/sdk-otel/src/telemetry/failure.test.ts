import { errorType } from '@hatchet-ts/internal/thrown-value';
import { SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { startRecorder } from '../testing/recorder.ts';
import { recordFailure } from './failure.ts';

class CardDeclined extends Error {}

test.each([
  [new CardDeclined('x'), 'CardDeclined'],
  [new TypeError('x'), 'TypeError'],
  [Object.assign(new Error('x'), { name: 'HatchetError' }), 'HatchetError'],
  [Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new Error('x'), 'Error'],
  ['text', 'string'],
  [0, 'number'],
  [undefined, 'undefined'],
  [null, 'null'],
  [{ code: 'E_MINE' }, 'E_MINE'],
  [{}, 'Object'],
  [Object.create(null), 'object'],
])('the error.type of %o is %s', (thrown, type) => {
  expect(errorType(thrown)).toBe(type);
});

test.each([
  [new CardDeclined('declined'), 'declined'],
  ['declined', 'declined'],
  [{ message: 'declined' }, 'declined'],
  [{ card: '4111 1111 1111 1111' }, 'Object thrown'],
  [undefined, 'undefined'],
])('%o is an exception with the message %s', (thrown, message) => {
  const recorder = startRecorder();
  const span = recorder.provider.getTracer('test').startSpan('task');
  recordFailure(span, thrown);
  span.end();
  const [recorded] = recorder.take();
  expect(recorded?.status).toEqual({ code: SpanStatusCode.ERROR, message });
  expect(recorded?.events.map((event) => event.attributes?.['exception.message'])).toEqual([message]);
  expect(recorded?.attributes['error.type']).toBe(errorType(thrown));
});

const failedSpan = (thrown: unknown) => {
  const recorder = startRecorder();
  const span = recorder.provider.getTracer('test').startSpan('task');
  recordFailure(span, thrown);
  span.end();
  const [recorded] = recorder.take();
  return { status: recorded?.status.message ?? '', exception: recorded?.events[0]?.attributes ?? {} };
};

test('the causes of an error stand in the recorded stack', () => {
  const { exception } = failedSpan(new Error('order failed', { cause: new Error('no money') }));
  expect(exception['exception.stacktrace']).toMatch(
    /^Error: order failed\n {4}at [\s\S]* {\n {2}\[cause]: Error: no money\n {6}at /,
  );
});

test('control characters of an error reach no field of the span, which the engine could not store', () => {
  const span = failedSpan(Object.assign(new Error('a\0b', { cause: new Error('c\x1bd') }), { name: 'E\0' }));
  expect(JSON.stringify(span)).not.toMatch(/\\u00(?!0a)[01]/i);
  expect(span.status).toBe('a\ufffdb');
});

test('a long error is cut', () => {
  const { status, exception } = failedSpan(new Error('x'.repeat(1_400_000)));
  expect(status).toHaveLength(4096);
  expect(exception['exception.message']).toHaveLength(4096);
  expect(String(exception['exception.stacktrace']).length).toBeLessThanOrEqual(16_384);
});

test('a span whose error throws when read still ends as an error', () => {
  const recorder = startRecorder();
  const span = recorder.provider.getTracer('test').startSpan('task');
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error('mine');
      },
    },
  );
  recordFailure(span, hostile);
  span.end();
  expect(recorder.take()[0]?.status.code).toBe(SpanStatusCode.ERROR);
});

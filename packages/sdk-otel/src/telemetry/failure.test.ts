import { SpanStatusCode } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { startRecorder } from '../testing/recorder.ts';
import { errorType, recordFailure } from './failure.ts';

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

import { expect, test } from 'vitest';
import { exceptionOf } from './events.tsx';

test('reads type, message and stack of an exception', () => {
  const attributes = {
    'exception.type': 'Error',
    'exception.message': 'the bank\ndid not answer',
    'exception.stacktrace': 'Error: the bank\ndid not answer\n    at charge (order.ts:1:2)\n    at run (worker.ts:3:4)',
  };
  expect(exceptionOf({ name: 'exception', attributes })).toEqual({
    type: 'Error',
    message: 'the bank\ndid not answer',
    stack: 'at charge (order.ts:1:2)\n    at run (worker.ts:3:4)',
  });
});

test('keeps the stack of another language, and leaves missing parts empty', () => {
  const stacktrace = 'Traceback (most recent call last):\n  File "x.py"';
  expect(exceptionOf({ name: 'exception', attributes: { 'exception.stacktrace': stacktrace } })).toEqual({
    type: '',
    message: '',
    stack: stacktrace,
  });
  expect(exceptionOf({ name: 'log', attributes: {} })).toBeUndefined();
});

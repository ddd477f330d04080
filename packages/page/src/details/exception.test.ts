import { expect, test } from 'vitest';
import { exceptionOf } from './exception.ts';

test('an exception is its type, its message and where it was thrown', () => {
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

test('a stack in another language stays whole, and what is missing is empty', () => {
  const stacktrace = 'Traceback (most recent call last):\n  File "x.py"';
  expect(exceptionOf({ name: 'exception', attributes: { 'exception.stacktrace': stacktrace } })).toEqual({
    type: '',
    message: '',
    stack: stacktrace,
  });
  expect(exceptionOf({ name: 'log', attributes: {} })).toBeUndefined();
});

import { DiagLogLevel, diag } from '@opentelemetry/api';
import { beforeEach, expect, test, vi } from 'vitest';
import { tracedCall } from './traced-call.ts';

const error = vi.fn();
diag.setLogger({ error, warn: vi.fn(), info: vi.fn(), debug: vi.fn(), verbose: vi.fn() }, DiagLogLevel.ERROR);
beforeEach(() => error.mockClear());

const boom = () => {
  throw new Error('ours');
};

test('when preparing fails the call goes on with what the caller gave, and one error is logged', () => {
  const call = vi.fn((args: [number]) => args[0] + 1);
  expect(tracedCall('tracing', [1] as [number], call, boom)).toBe(2);
  expect(call).toHaveBeenCalledOnce();
  expect(error).toHaveBeenCalledOnce();
});

test('what fails at the end changes neither a result nor a rejection', async () => {
  const prepare = () => ({ args: [] as [], succeeded: boom, failed: boom });
  expect(await tracedCall('tracing', [] as [], async () => 'value', prepare)).toBe('value');
  const theirs = new Error('theirs');
  await expect(tracedCall('tracing', [] as [], () => Promise.reject(theirs), prepare)).rejects.toBe(theirs);
  expect(() =>
    tracedCall(
      'tracing',
      [] as [],
      () => {
        throw theirs;
      },
      prepare,
    ),
  ).toThrow(theirs);
  expect(error).toHaveBeenCalledTimes(3);
});

test('a call is made once and a synchronous throw is seen', () => {
  const failed = vi.fn();
  const call = vi.fn(boom);
  expect(() => tracedCall('tracing', [] as [], call, () => ({ args: [] as [], failed }))).toThrow('ours');
  expect(call).toHaveBeenCalledOnce();
  expect(failed).toHaveBeenCalledOnce();
});

test('a result that is no promise comes back as it is', () => {
  const succeeded = vi.fn();
  const ref = {};
  expect(
    tracedCall(
      'tracing',
      [] as [],
      () => ref,
      () => ({ args: [] as [], succeeded }),
    ),
  ).toBe(ref);
  expect(succeeded).toHaveBeenCalledExactlyOnceWith(ref);
});

test('without anything to do at the end the very promise of the SDK is returned', () => {
  const promise = Promise.resolve(1);
  expect(
    tracedCall(
      'tracing',
      [] as [],
      () => promise,
      () => ({ args: [] as [] }),
    ),
  ).toBe(promise);
});

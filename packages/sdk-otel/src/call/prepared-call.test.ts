import { context, createContextKey } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { captureDiag } from '../testing/telemetry.ts';
import { traceCall } from './prepared-call.ts';

const { error } = captureDiag();

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

const boom = () => {
  throw new Error('ours');
};

test("if preparing fails, the call is made with the caller's arguments and one error is logged", () => {
  const call = vi.fn((args: [number]) => args[0] + 1);
  expect(traceCall('tracing', [1] as [number], call, boom)).toBe(2);
  expect(call).toHaveBeenCalledOnce();
  expect(error).toHaveBeenCalledOnce();
});

test('an error at the end changes neither a result nor a rejection', async () => {
  const prepare = () => ({ args: [] as [], onSuccess: boom, onError: boom });
  expect(await traceCall('tracing', [] as [], async () => 'value', prepare)).toBe('value');
  const theirs = new Error('theirs');
  await expect(traceCall('tracing', [] as [], () => Promise.reject(theirs), prepare)).rejects.toBe(theirs);
  expect(() =>
    traceCall(
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

test('a call is made once, and a synchronous throw is passed to onError', () => {
  const onError = vi.fn();
  const call = vi.fn(boom);
  expect(() => traceCall('tracing', [] as [], call, () => ({ args: [] as [], onError }))).toThrow('ours');
  expect(call).toHaveBeenCalledOnce();
  expect(onError).toHaveBeenCalledOnce();
});

test('a result that is not a promise is returned unchanged', () => {
  const onSuccess = vi.fn();
  const ref = {};
  expect(
    traceCall(
      'tracing',
      [] as [],
      () => ref,
      () => ({ args: [] as [], onSuccess }),
    ),
  ).toBe(ref);
  expect(onSuccess).toHaveBeenCalledExactlyOnceWith(ref);
});

test("without callbacks, the SDK's own promise is returned", () => {
  const promise = Promise.resolve(1);
  expect(
    traceCall(
      'tracing',
      [] as [],
      () => promise,
      () => ({ args: [] as [] }),
    ),
  ).toBe(promise);
});

test('a lazy result starts once, within the context of the call, and its error is passed to onError', async () => {
  const key = createContextKey('call');
  const starts: unknown[] = [];
  const lazy: PromiseLike<never> = {
    // biome-ignore lint/suspicious/noThenProperty: this is what makes it lazy
    then: (resolve, reject) => {
      starts.push(context.active().getValue(key));
      return Promise.reject(new Error('theirs')).then(resolve, reject);
    },
  };
  const onError = vi.fn();
  const prepare = () => ({ args: [] as [], context: context.active().setValue(key, 'mine'), onError });
  const result = traceCall('tracing', [] as [], () => lazy, prepare);
  await expect(result).rejects.toThrow('theirs');
  expect(starts).toEqual(['mine']);
  expect(onError).toHaveBeenCalledOnce();
});

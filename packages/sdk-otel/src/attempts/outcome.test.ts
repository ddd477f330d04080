import { expect, test } from 'vitest';
import { attemptVerdict } from './outcome.ts';

const ran = { result: undefined, registered: true };
const aborted = (reason: unknown) => ({ aborted: true, reason });
const terminated = (reason: string) => aborted({ name: 'TaskRunTerminatedError', reason });

test('a task that reports completion has completed, even if it is cancelled afterwards', () => {
  expect(attemptVerdict({ ...ran, report: 'completed' })).toEqual({ outcome: 'completed' });
  expect(attemptVerdict({ ...ran, report: 'completed', signal: terminated('cancelled') })).toEqual({
    outcome: 'completed',
  });
});

test('any thrown value is a failure: an error, a text, zero, undefined', () => {
  const error = new Error('card declined');
  expect(attemptVerdict({ ...ran, result: error })).toEqual({ outcome: 'failed', error: { thrown: error } });
  expect(attemptVerdict({ ...ran, result: 'no' }).error).toEqual({ thrown: 'no' });
  expect(attemptVerdict({ ...ran, result: 0 }).outcome).toBe('failed');
  const running = { aborted: false, reason: undefined };
  expect(attemptVerdict({ ...ran, signal: running })).toEqual({ outcome: 'failed', error: { thrown: undefined } });
});

test('a result that cannot be sent is a failure with the error of the SDK', () => {
  const reportedFailure = { name: 'report', message: 'Do not know how to serialize a BigInt' };
  expect(attemptVerdict({ ...ran, report: 'failed', reportedFailure })).toEqual({
    outcome: 'failed',
    error: { thrown: reportedFailure },
  });
});

test('cancelled and evicted are not errors', () => {
  expect(attemptVerdict({ ...ran, signal: terminated('cancelled') })).toEqual({ outcome: 'cancelled' });
  expect(attemptVerdict({ ...ran, signal: terminated('evicted') })).toEqual({ outcome: 'evicted' });
});

test('a task that cancels itself and throws the abort is cancelled', () => {
  const abort = new DOMException('', 'AbortError');
  expect(attemptVerdict({ ...ran, result: abort, signal: aborted(abort) })).toEqual({ outcome: 'cancelled' });
});

test('a task is timed out only if the cancellation says so; that is an error', () => {
  const verdict = attemptVerdict({ ...ran, signal: terminated('cancelled'), timedOut: true });
  expect(verdict.outcome).toBe('timed_out');
  expect(verdict.error?.thrown).toMatchObject({ name: 'timeout' });
});

test('an action without a handler has failed, although the SDK returns nothing', () => {
  const verdict = attemptVerdict({ ...ran, registered: false });
  expect(verdict.outcome).toBe('failed');
  expect(verdict.error?.thrown).toMatchObject({ name: 'unknown_action' });
});

test('a return without signal and report is a completion', () => {
  expect(attemptVerdict(ran)).toEqual({ outcome: 'completed' });
});

/** End of an attempt, as `hatchet.outcome` has it. */
export type Outcome = 'completed' | 'failed' | 'cancelled' | 'timed_out' | 'evicted';

/** Facts about an attempt that is over, as the worker sees them. */
export interface AttemptEnd {
  /** Result of `handleStartStepRun`: the thrown value of a failed task, undefined for every other end. */
  readonly result: unknown;
  /** The task's abort signal, if it was seen. */
  readonly signal?: { readonly aborted: boolean; readonly reason: unknown } | undefined;
  /** First report that the worker sent, and the error in it. */
  readonly report?: 'completed' | 'failed' | 'cancelled' | undefined;
  readonly reportedFailure?: unknown;
  /** True if the cancellation named the engine's timeout as its reason. */
  readonly timedOut?: boolean | undefined;
  /** True if this worker has a handler for the action. */
  readonly registered: boolean;
}

/** Outcome of an attempt or wait. `error` is set, to any thrown value, if the span's status is ERROR. */
export interface Verdict {
  readonly outcome: Outcome;
  readonly error?: { readonly thrown: unknown };
}

/**
 * Decides how an attempt ended. The SDK returns a failed task's error, and nothing for success, cancellation and eviction
 * alike; its report and the task's abort signal distinguish these.
 */
export function attemptVerdict(end: AttemptEnd): Verdict {
  const { result, signal, report, timedOut, registered } = end;
  if (report === 'completed' || report === 'cancelled') return { outcome: report };
  if (signal?.aborted) return abortVerdict(signal.reason, timedOut);
  if (result !== undefined) return { outcome: 'failed', error: { thrown: result } };
  // the result could not be serialized, and the SDK reported that instead
  if (report === 'failed') return { outcome: 'failed', error: { thrown: end.reportedFailure } };
  if (!registered) return { outcome: 'failed', error: { thrown: UNKNOWN_ACTION } };
  // started, over and without a report: the SDK fails on `throw undefined`
  if (signal) return { outcome: 'failed', error: { thrown: result } };
  return { outcome: 'completed' };
}

/** Decides how a rejected durable wait ended: like its task, if the end of the task rejected it. */
export function waitVerdict(thrown: unknown, signal: AttemptEnd['signal'], timedOut: boolean | undefined): Verdict {
  if (signal?.aborted) return abortVerdict(signal.reason, timedOut);
  // the SDK drops the state of a task that the engine evicts
  if (terminationReason(thrown) === 'evicted') return { outcome: 'evicted' };
  return { outcome: 'failed', error: { thrown } };
}

function abortVerdict(reason: unknown, timedOut: boolean | undefined): Verdict {
  if (timedOut) return { outcome: 'timed_out', error: { thrown: TIMEOUT } };
  return { outcome: terminationReason(reason) === 'evicted' ? 'evicted' : 'cancelled' };
}

const TIMEOUT = { name: 'timeout', message: 'the task ran longer than its timeout' };
const UNKNOWN_ACTION = { name: 'unknown_action', message: 'no handler is registered on this worker for the action' };

// the SDK's TaskRunTerminatedError has a reason; ctx.cancel() aborts with a bare AbortError
function terminationReason(reason: unknown): unknown {
  return typeof reason === 'object' && reason !== null ? (reason as { reason?: unknown }).reason : undefined;
}

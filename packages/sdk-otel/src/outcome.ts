/** How an attempt ended, `hatchet.outcome`. */
export type Outcome = 'completed' | 'failed' | 'cancelled' | 'timed_out' | 'evicted';

/** What the worker knows when an attempt is over. */
export interface AttemptEnd {
  /** what `handleStartStepRun` returned: the thrown value of a failed task, undefined for every other end */
  readonly result: unknown;
  /** the task's abort signal, when it was seen */
  readonly signal?: { readonly aborted: boolean; readonly reason: unknown } | undefined;
  /** which report the worker sent first, and what a failed one said */
  readonly report?: 'completed' | 'failed' | 'cancelled' | undefined;
  readonly reportedFailure?: unknown;
  /** the cancellation said that the engine's timeout was its reason */
  readonly timedOut?: boolean | undefined;
  /** whether this worker has a handler for the action */
  readonly registered: boolean;
}

/** The end of an attempt; `error` is set (to what was thrown, whatever it is) when the status is ERROR. */
export interface AttemptVerdict {
  readonly outcome: Outcome;
  readonly error?: { readonly thrown: unknown };
}

/**
 * The SDK returns a failed task's error and nothing for success, cancellation and eviction alike, so its report and
 * the task's abort signal tell these apart.
 */
export function attemptVerdict(end: AttemptEnd): AttemptVerdict {
  const { result, signal, report, timedOut, registered } = end;
  if (report === 'completed' || report === 'cancelled') return { outcome: report };
  if (signal?.aborted) return terminated(signal.reason, timedOut);
  if (result !== undefined) return { outcome: 'failed', error: { thrown: result } };
  // the result could not be serialised, and the SDK reported that instead
  if (report === 'failed') return { outcome: 'failed', error: { thrown: end.reportedFailure } };
  if (!registered) return { outcome: 'failed', error: { thrown: UNKNOWN_ACTION } };
  // started, over, and nothing reported: the SDK stumbles over `throw undefined`
  if (signal) return { outcome: 'failed', error: { thrown: result } };
  return { outcome: 'completed' };
}

/** How a durable wait ended that rejected: as its task did, when that is what ended it. */
export function waitVerdict(
  thrown: unknown,
  signal: AttemptEnd['signal'],
  timedOut: boolean | undefined,
): AttemptVerdict {
  if (signal?.aborted) return terminated(signal.reason, timedOut);
  // the SDK forgets the state of a task that the engine evicts
  if (terminationReason(thrown) === 'evicted') return { outcome: 'evicted' };
  return { outcome: 'failed', error: { thrown } };
}

function terminated(reason: unknown, timedOut: boolean | undefined): AttemptVerdict {
  if (timedOut) return { outcome: 'timed_out', error: { thrown: TIMEOUT } };
  return { outcome: terminationReason(reason) === 'evicted' ? 'evicted' : 'cancelled' };
}

const TIMEOUT = { name: 'timeout', message: 'the task ran longer than its timeout' };
const UNKNOWN_ACTION = { name: 'unknown_action', message: 'no handler is registered on this worker for the action' };

// TaskRunTerminatedError of the SDK says why; a bare AbortError comes from ctx.cancel()
function terminationReason(reason: unknown): unknown {
  return typeof reason === 'object' && reason !== null ? (reason as { reason?: unknown }).reason : undefined;
}

/** How an attempt or a run ended; the values of `hatchet.outcome`. */
export type Outcome = 'completed' | 'failed' | 'cancelled' | 'timed_out' | 'evicted';

/** What subscribers read when a task was cancelled; without a text the SDK resolves their promise with `{}`. */
export const CANCELLED_ERROR = 'task was cancelled';

/** The message in a failure's payload: JSON `{message}` from the TypeScript SDK, text from the others. */
export function errorMessage(payload: string): string {
  try {
    const parsed: unknown = JSON.parse(payload);
    if (parsed && typeof parsed === 'object' && 'message' in parsed && typeof parsed.message === 'string') {
      return parsed.message;
    }
  } catch {
    // a text
  }
  return payload;
}

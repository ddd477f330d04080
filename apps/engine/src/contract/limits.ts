import { Refusal } from '../refusal.ts';

/** Most items of one call: runs of a bulk, events, ids. The official SDKs send at most so many. */
export const MOST_ITEMS = 1_000;
/** The largest message either way, in bytes: what the official SDKs take by default. */
export const MOST_BYTES = 4 * 1024 * 1024;

/** @throws Refusal that says how many there may be. */
export function assertAtMost(items: readonly unknown[], most: number, what: string): void {
  if (items.length > most) throw new Refusal('invalid', `a call may have ${most} ${what} at most, not ${items.length}`);
}

/** @throws Refusal for an answer that its client would not take. */
export function assertSendable(bytes: number, what: string): void {
  if (bytes <= MOST_BYTES) return;
  throw new Refusal(
    'too-large',
    `${what} is ${bytes} bytes large, and a message ${MOST_BYTES} at most: use the REST API`,
  );
}

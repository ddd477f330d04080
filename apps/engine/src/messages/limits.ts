import { keyProblem } from '@hatchet-ts/storage';
import { Refusal } from '../refusal.ts';

/** Most items of one call (runs of a bulk, events, ids); the official SDKs send no more. */
export const MOST_ITEMS = 1_000;
/** Largest message in either direction, in bytes: the official SDKs' default limit. */
export const MOST_BYTES = 4 * 1024 * 1024;

/** @throws Refusal with the limit if there are more than `most` items. */
export function assertAtMost(items: readonly unknown[], most: number, what: string): void {
  if (items.length > most) throw new Refusal('invalid', `a call can have at most ${most} ${what}, not ${items.length}`);
}

/** @throws Refusal for text that the database cannot hold in an index, such as a key or a name. */
export function assertKey(text: string, what: string): void {
  const problem = keyProblem(text);
  if (problem !== undefined) throw new Refusal('invalid', `${what} ${problem}`);
}

/** @throws Refusal for a response larger than the client accepts. */
export function assertSendable(bytes: number, what: string): void {
  if (bytes <= MOST_BYTES) return;
  throw new Refusal(
    'too-large',
    `${what} has ${bytes} bytes, more than the ${MOST_BYTES} of a message; use the REST API`,
  );
}

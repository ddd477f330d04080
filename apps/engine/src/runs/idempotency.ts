import type { EpochMs, IdempotencyClaim } from '@hatchet-ts/storage/runs';
import type { Workflow } from '@hatchet-ts/storage/workflows';
import { IDEMPOTENCY_COLLISION } from '../messages/hatchet-texts.ts';
import { assertKey } from '../messages/limits.ts';
import { Refusal } from '../refusal.ts';
import type { Metadata } from './context.ts';

/** Run that was not created because another run holds its idempotency key. */
export interface Collision {
  /** Id prepared for the run. */
  runId: string;
  existingRunId: string;
}

/** Some runs of a call collided; the others were created. */
export class IdempotencyCollision extends Error {
  override readonly name = 'IdempotencyCollision';
  readonly collisions: readonly Collision[];
  /** Ids of the created runs, if the call was for several. */
  readonly created: readonly string[] | undefined;

  constructor(collisions: readonly Collision[], created?: readonly string[]) {
    super(IDEMPOTENCY_COLLISION);
    this.collisions = collisions;
    this.created = created;
  }
}

/**
 * Computes the key that a run claims; undefined if its workflow has no idempotency.
 *
 * @throws Refusal if the value for the key is not text, or too long.
 */
export function idempotencyClaim(
  { input, metadata }: { input: string; metadata: Metadata },
  { name, definition: { idempotency } }: Workflow,
  at: EpochMs,
): IdempotencyClaim | undefined {
  if (!idempotency) return undefined;
  const { path, ttlMs, untilEnd } = idempotency;
  const key = valueAt(path.in === 'input' ? JSON.parse(input) : metadata, path.names);
  const where = [path.in, ...path.names].join('.');
  if (typeof key === 'string') {
    assertKey(key, `the idempotency key of workflow ${name} (${where})`);
    return { key, expiresAt: at + ttlMs, untilEnd };
  }
  throw new Refusal('invalid', `workflow ${name} takes its idempotency key from ${where}: pass text there`);
}

function valueAt(value: unknown, names: readonly string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

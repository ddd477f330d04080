import type { EpochMs, IdempotencyClaim } from '@hatchet-ts/storage/runs';
import type { Workflow } from '@hatchet-ts/storage/workflows';
import { Refusal } from '../refusal.ts';
import type { Metadata } from './metadata.ts';

/** A run that was not created, because another one has its idempotency key. */
export interface Collision {
  /** The id that the run would have had. */
  runId: string;
  existingRunId: string;
}

/** Runs were asked for, and some of them collided; the others were created. */
export class IdempotencyCollision extends Error {
  override readonly name = 'IdempotencyCollision';
  readonly collisions: readonly Collision[];
  /** Of a call that asks for several runs: the ids of those that were created. */
  readonly created: readonly string[] | undefined;

  constructor(collisions: readonly Collision[], created?: readonly string[]) {
    super(`idempotency key collision: run ${collisions[0]?.existingRunId} has the key`);
    this.collisions = collisions;
    this.created = created;
  }
}

/**
 * The key that a run claims; undefined where its workflow has no idempotency.
 *
 * @throws Refusal when there is no text where the key should be.
 */
export function idempotencyClaim(
  { input, metadata }: { input: string; metadata: Metadata },
  { name, definition: { idempotency } }: Workflow,
  at: EpochMs,
): IdempotencyClaim | undefined {
  if (!idempotency) return undefined;
  const { path, ttlMs, untilEnd } = idempotency;
  const key = valueAt(path.in === 'input' ? JSON.parse(input) : metadata, path.names);
  if (typeof key === 'string') return { key, expiresAt: at + ttlMs, untilEnd };
  const where = [path.in, ...path.names].join('.');
  throw new Refusal('invalid', `workflow ${name} takes its idempotency key from ${where}: give a text there`);
}

function valueAt(value: unknown, names: readonly string[]): unknown {
  let found = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

import type { Telemetry } from '../telemetry/telemetry.ts';

/**
 * Child that a durable task triggers without waiting for it. A replay triggers it again, and the engine returns the
 * existing run: nothing is sent.
 */
export interface DurableChild {
  /** Invocation of the task, if it is a replay. */
  readonly invocation: number | undefined;
  /** True if an earlier invocation on this worker has triggered it. */
  readonly isReplayed: boolean;
  /** Remembers that the engine has the child. */
  remember(): void;
}

interface ParentOptions {
  readonly parentTaskRunExternalId?: string | undefined;
  readonly parentStepRunId?: string | undefined;
  readonly childIndex?: number | undefined;
  readonly childKey?: string | undefined;
}

/** @returns undefined for a run that is not a child of a durable task of this worker */
export function durableChild({ attempts }: Telemetry, options: ParentOptions | undefined): DurableChild | undefined {
  const parent = options?.parentTaskRunExternalId ?? options?.parentStepRunId;
  if (parent === undefined) return undefined;
  const log = attempts.latest(parent)?.log;
  const child = options?.childKey ?? options?.childIndex;
  if (!log || child === undefined) return undefined;
  return {
    invocation: log.invocation > 1 ? log.invocation : undefined,
    isReplayed: log.hasChild(child, options?.childIndex),
    remember: () => log.addChild(child),
  };
}

import type { Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/**
 * A child that a durable task triggers without waiting for it. A replay triggers it again, and the engine answers with the
 * run that it has: nothing is produced.
 */
export interface DurableChild {
  /** the invocation of the task, when it is a replay */
  readonly invocation: number | undefined;
  /** whether an invocation before has triggered it from this worker */
  readonly isReplayed: boolean;
  /** The engine has it. */
  spawned(): void;
}

/** What a run's options say of its parent. */
interface ParentOptions {
  readonly parentTaskRunExternalId?: string | undefined;
  readonly parentStepRunId?: string | undefined;
  readonly childIndex?: number | undefined;
  readonly childKey?: string | undefined;
}

/** @returns undefined for a run that is no child of a durable task of this worker */
export function durableChild({ attempts }: Telemetry, options: ParentOptions | undefined): DurableChild | undefined {
  const parent = options?.parentTaskRunExternalId ?? options?.parentStepRunId;
  if (parent === undefined) return undefined;
  const log = attempts.latest(parent)?.log;
  const child = options?.childKey ?? options?.childIndex;
  if (!log || child === undefined) return undefined;
  return {
    invocation: log.invocation > 1 ? log.invocation : undefined,
    isReplayed: log.hasSpawned(child),
    spawned: () => log.spawned(child),
  };
}

/** The call, and what is to be done besides when it has succeeded. */
export function afterwards<Args extends readonly unknown[], Result>(
  call: PreparedCall<Args, Result>,
  work: () => void,
): PreparedCall<Args, Result> {
  return {
    ...call,
    succeeded: (result) => {
      work();
      call.succeeded?.(result);
    },
  };
}

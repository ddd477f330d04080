import type { Queryable } from '@hatchet-ts/storage';
import type { Settle } from './settlement.ts';
import type { RunInput } from './state.ts';

/** Pause before the event of a run that could not be settled is tried again. */
export const FAILED_RUN_PAUSE_MS = 60_000;

/** Settles events of many runs. @returns the events of those runs that could not be settled */
export type SettleEach = (inputs: readonly RunInput[]) => Promise<RunInput[]>;

/**
 * Creates the settlement for passes over many runs: it settles all in one transaction, and if that fails, run by run, so
 * that a broken run cannot stop the others.
 */
export function createSettleEach(db: Queryable, settle: Settle, onError: (error: unknown) => void): SettleEach {
  return async (inputs) => {
    try {
      await settle(inputs);
      return [];
    } catch {
      const failed: RunInput[] = [];
      for (const [runId, own] of Map.groupBy(inputs, (input) => input.runId)) {
        try {
          await settle(own);
        } catch (cause) {
          // Throws if the database is away: then no run is at fault, and the whole pass is to be repeated.
          await db.query('SELECT 1');
          const pause = `${FAILED_RUN_PAUSE_MS / 1_000} s`;
          onError(
            new Error(`run ${runId} cannot be settled; other runs go on, this one is tried again in ${pause}`, {
              cause,
            }),
          );
          failed.push(...own);
        }
      }
      return failed;
    }
  };
}

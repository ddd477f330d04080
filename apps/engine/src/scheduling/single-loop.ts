import { setImmediate as turn } from 'node:timers/promises';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';

/** Work that is asked for by many and done by one. */
export interface SingleLoop {
  /** Asks for one more round; many calls before it begins make one round. */
  wake(): void;
  /** Lets the round that runs end, and begins no more. */
  stop(): Promise<void>;
}

/**
 * Runs `round` whenever it was woken, never twice at a time, and outside of the trace of whoever asked for it.
 *
 * @param onError a round failed; it is tried again after `retryMs`.
 */
export function singleLoop(round: () => Promise<void>, onError: (error: unknown) => void, retryMs = 500): SingleLoop {
  let wanted = false;
  let stopped = false;
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  async function run(): Promise<void> {
    while (wanted && !stopped) {
      // What is committed in this turn of the event loop shares a round.
      await turn();
      wanted = false;
      try {
        await round();
      } catch (error) {
        if (stopped) return;
        onError(error);
        retry = setTimeout(wake, retryMs);
        return;
      }
    }
  }

  function wake(): void {
    wanted = true;
    if (stopped) return;
    running ??= context.with(ROOT_CONTEXT, run).finally(() => {
      running = undefined;
      if (wanted && !stopped) wake();
    });
  }

  return {
    wake,
    async stop() {
      stopped = true;
      clearTimeout(retry);
      await running;
    },
  };
}

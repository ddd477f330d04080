import type { EpochMs } from '@hatchet-ts/storage/runs';
import { Draft } from './draft.ts';
import type { Advance, RunEvent, RunState } from './transition.ts';

/** The state machine: what an event makes of a run. Pure; the caller writes what it returns. */
export function advance(state: RunState, event: RunEvent, at: EpochMs): Advance {
  const draft = new Draft(state, at);
  switch (event.kind) {
    case 'completed':
      draft.attempt(event, (task) => {
        draft.endAttempt(task, 'completed', { output: event.output });
        draft.finish(task, 'COMPLETED', { output: event.output });
      });
      break;
    case 'failed':
      draft.attempt(event, (task) => {
        draft.endAttempt(task, 'failed', { error: event.error });
        draft.retryOrFail(task, event.error, event.mayRetry);
      });
      break;
    case 'worker-lost':
      draft.attempt(event, (task) => draft.giveAgain(task, event.error));
      break;
    case 'due':
      draft.due(event);
      break;
    case 'cancelled':
      draft.cancel(event);
      break;
    case 'evicted':
      draft.evict(event);
      break;
    case 'restored':
      draft.restore(event);
      break;
    case 'replayed':
      draft.replay(event);
      break;
  }
  draft.settle();
  return draft.result();
}

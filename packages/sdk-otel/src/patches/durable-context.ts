import type { DurableContext } from '@hatchet-dev/typescript-sdk/v1/client/worker/context.js';
import { isLive } from '../telemetry.ts';
import { tracedCall } from '../traced-call.ts';
import { inTurn, type WaitingTask, waiting } from '../waiting.ts';
import type { ClassPatch } from './class-patch.ts';

/** `DurableContext.waitFor`, where every sleep and wait ends, and `.memo`, where `now` does. */
export const durableContextPatch: ClassPatch = {
  file: 'v1/client/worker/context.js',
  className: 'DurableContext',
  wrappers: {
    waitFor: (original, telemetry) =>
      function waitFor(this: DurableContext<unknown>, ...args: WaitArgs) {
        return tracedCall(
          'tracing a durable wait',
          args,
          (given): WaitResult => original.apply(this, given),
          () => (isLive(telemetry) ? waiting(telemetry, 'durable.wait_for', args, waitingTask(this)) : undefined),
        );
      },
    memo: (original, telemetry) =>
      function memo(this: DurableContext<unknown>, ...args: MemoArgs) {
        return tracedCall(
          'tracing a memo',
          args,
          (given): Promise<unknown> => original.apply(this, given),
          () => {
            const [compute, ...rest] = args;
            if (!isLive(telemetry)) return undefined;
            return waiting<MemoArgs, Promise<unknown>>(telemetry, 'durable.memo', args, waitingTask(this), (turn) => [
              () => inTurn(turn, compute),
              ...rest,
            ]);
          },
        );
      },
  },
};

type WaitArgs = Parameters<DurableContext<unknown>['waitFor']>;
type WaitResult = ReturnType<DurableContext<unknown>['waitFor']>;
// private in the SDK's types, and the only way to see a memo
type MemoArgs = [compute: () => Promise<unknown>, deps: unknown[]];

function waitingTask(task: DurableContext<unknown>): WaitingTask {
  return {
    taskRunId: task.action.taskRunExternalId,
    invocation: task.invocationCount,
    client: task.v1?.config,
    signal: task.abortController.signal,
    withoutLog: !task.supportsEviction,
  };
}

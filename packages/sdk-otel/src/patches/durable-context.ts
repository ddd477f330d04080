import type { DurableContext } from '@hatchet-dev/typescript-sdk/v1/client/worker/context.js';
import { traceCall } from '../call/prepared-call.ts';
import { prepareWait, runInTurn, type WaitingTask } from '../durable/wait.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';
import { isLive } from '../telemetry/telemetry.ts';

/** Traces `DurableContext.waitFor`, which every sleep and wait calls, and `.memo`, which `now` calls. */
export const durableContextPatch: ClassPatch = {
  file: 'v1/client/worker/context.js',
  className: 'DurableContext',
  wrappers: {
    waitFor: (original, telemetry) =>
      function waitFor(this: DurableContext<unknown>, ...args: WaitArgs) {
        return traceCall(
          'tracing a durable wait',
          args,
          (callArgs): WaitResult => original.apply(this, callArgs),
          () => (isLive(telemetry) ? prepareWait(telemetry, 'durable.wait_for', args, waitingTask(this)) : undefined),
        );
      },
    memo: (original, telemetry) =>
      function memo(this: DurableContext<unknown>, ...args: MemoArgs) {
        return traceCall(
          'tracing a memo',
          args,
          (callArgs): Promise<unknown> => original.apply(this, callArgs),
          () => {
            const [compute, ...rest] = args;
            if (!isLive(telemetry)) return undefined;
            return prepareWait<MemoArgs, Promise<unknown>>(
              telemetry,
              'durable.memo',
              args,
              waitingTask(this),
              (turn) => [() => runInTurn(turn, compute), ...rest],
            );
          },
        );
      },
  },
};

type WaitArgs = Parameters<DurableContext<unknown>['waitFor']>;
type WaitResult = ReturnType<DurableContext<unknown>['waitFor']>;
// private in the SDK's types, the only way to see a memo
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

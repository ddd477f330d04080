import type { InternalWorker } from '@hatchet-dev/typescript-sdk/v1/client/worker/worker-internal.js';
import { traceCall } from '../call/prepared-call.ts';
import { prepareBatch } from '../consuming/batch.ts';
import { prepareCancel } from '../consuming/cancellation.ts';
import { prepareTask } from '../consuming/task.ts';
import type { TaskWorker } from '../consuming/task-facts.ts';
import { exitAfterFlush } from '../consuming/worker-exit.ts';
import { untracedAtRoot } from '../context/untraced.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';
import { isLive } from '../telemetry/telemetry.ts';

/** Traces how an `InternalWorker` handles received actions, and watches its start and exit. */
export const internalWorkerPatch: ClassPatch = {
  file: 'v1/client/worker/worker-internal.js',
  className: 'InternalWorker',
  later: ['handleStartBatch'], // 1.28
  wrappers: {
    handleStartStepRun: (original, telemetry) =>
      function handleStartStepRun(this: InternalWorker, ...args: ActionArgs) {
        return traceCall(
          'tracing a task',
          args,
          (callArgs): StartResult => original.apply(this, callArgs),
          () => {
            if (!telemetry.enabled) return undefined;
            const [action] = args;
            return prepareTask(telemetry, args, action, workerOf(this, action));
          },
        );
      },
    handleStartBatch: (original, telemetry) =>
      function handleStartBatch(this: InternalWorker, ...args: ActionArgs) {
        return traceCall(
          'tracing a batch',
          args,
          (callArgs): StartResult => original.apply(this, callArgs),
          () => (telemetry.enabled ? prepareBatch(telemetry, args, args[0], workerOf(this, args[0])) : undefined),
        );
      },
    handleCancelStepRun: (original, telemetry) =>
      function handleCancelStepRun(this: InternalWorker, ...args: ActionArgs) {
        return traceCall(
          'tracing a cancellation',
          args,
          (callArgs): CancelResult => original.apply(this, callArgs),
          () => (isLive(telemetry) ? prepareCancel(telemetry, args, args[0], workerOf(this, args[0])) : undefined),
        );
      },
    start: (original, telemetry) =>
      function start(this: InternalWorker, ...args: []) {
        return traceCall(
          'watching a worker',
          args,
          (callArgs): Promise<void> => original.apply(this, callArgs),
          () => {
            const remove = () => void telemetry.workers.delete(this);
            telemetry.workers.add(this);
            return { args, onSuccess: remove, onError: remove };
          },
        );
      },
    exitGracefully: (original, telemetry) =>
      function exitGracefully(this: InternalWorker, ...args: ExitArgs): Promise<void> {
        const [handleKill, ...rest] = args;
        if (!telemetry.enabled) return original.apply(this, args);
        // its requests, such as pausing the worker, are the SDK's own
        if (!handleKill) return untracedAtRoot(() => original.apply(this, args));
        return exitAfterFlush(telemetry, () => untracedAtRoot(() => original.call(this, false, ...rest)));
      },
  },
};

type ActionArgs = Parameters<InternalWorker['handleStartStepRun']>;
type StartResult = ReturnType<InternalWorker['handleStartStepRun']>;
type CancelResult = ReturnType<InternalWorker['handleCancelStepRun']>;
type ExitArgs = Parameters<InternalWorker['exitGracefully']>;

function workerOf(worker: InternalWorker, { actionId, key }: ActionArgs[0]): TaskWorker {
  return {
    id: worker.workerId,
    name: worker.name,
    client: worker.client?.config,
    registered: worker.action_registry?.[actionId] !== undefined,
    gracePeriod: worker.client?.config?.cancellation_grace_period ?? 1000,
    findTask: () => {
      const future = worker.futures?.[key];
      return {
        signal: worker.contexts?.[key]?.abortController?.signal,
        work: future?.inner ?? future?.promise,
      };
    },
  };
}

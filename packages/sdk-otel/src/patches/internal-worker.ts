import type { InternalWorker } from '@hatchet-dev/typescript-sdk/v1/client/worker/worker-internal.js';
import { processingBatch } from '../batch-processing.ts';
import { cancelling } from '../cancelling.ts';
import { processing, type RunningTask } from '../processing.ts';
import { stopping } from '../stopping.ts';
import type { TaskHost } from '../task-action.ts';
import { isLive } from '../telemetry.ts';
import { tracedCall } from '../traced-call.ts';
import type { ClassPatch } from './class-patch.ts';

/** `InternalWorker`: what it does with an action that it received, and its start and end. */
export const internalWorkerPatch: ClassPatch = {
  file: 'v1/client/worker/worker-internal.js',
  className: 'InternalWorker',
  later: ['handleStartBatch'], // 1.28
  wrappers: {
    handleStartStepRun: (original, telemetry) =>
      function handleStartStepRun(this: InternalWorker, ...args: ActionArgs) {
        return tracedCall(
          'tracing a task',
          args,
          (given): StartResult => original.apply(this, given),
          () => {
            if (!telemetry.enabled) return undefined;
            const [action] = args;
            return processing(telemetry, args, action, hostOf(this, action), runningTask(this, action));
          },
        );
      },
    handleStartBatch: (original, telemetry) =>
      function handleStartBatch(this: InternalWorker, ...args: ActionArgs) {
        return tracedCall(
          'tracing a batch',
          args,
          (given): StartResult => original.apply(this, given),
          () => (telemetry.enabled ? processingBatch(telemetry, args, args[0], hostOf(this, args[0])) : undefined),
        );
      },
    handleCancelStepRun: (original, telemetry) =>
      function handleCancelStepRun(this: InternalWorker, ...args: ActionArgs) {
        return tracedCall(
          'tracing a cancellation',
          args,
          (given): CancelResult => original.apply(this, given),
          () => (isLive(telemetry) ? cancelling(telemetry, args, args[0], hostOf(this, args[0])) : undefined),
        );
      },
    start: (original, telemetry) =>
      function start(this: InternalWorker, ...args: []) {
        return tracedCall(
          'watching a worker',
          args,
          (given): Promise<void> => original.apply(this, given),
          () => {
            const gone = () => void telemetry.workers.delete(this);
            telemetry.workers.add(this);
            return { args, succeeded: gone, failed: gone };
          },
        );
      },
    exitGracefully: (original, telemetry) =>
      function exitGracefully(this: InternalWorker, ...args: ExitArgs): Promise<void> {
        const [handleKill, ...rest] = args;
        if (!handleKill || !telemetry.enabled) return original.apply(this, args);
        return stopping(telemetry, () => original.call(this, false, ...rest));
      },
  },
};

type ActionArgs = Parameters<InternalWorker['handleStartStepRun']>;
type StartResult = ReturnType<InternalWorker['handleStartStepRun']>;
type CancelResult = ReturnType<InternalWorker['handleCancelStepRun']>;
type ExitArgs = Parameters<InternalWorker['exitGracefully']>;

function hostOf(worker: InternalWorker, { actionId }: ActionArgs[0]): TaskHost {
  return {
    workerId: worker.workerId,
    workerName: worker.name,
    client: worker.client?.config,
    registered: worker.action_registry?.[actionId] !== undefined,
  };
}

function runningTask(worker: InternalWorker, { key }: ActionArgs[0]): RunningTask {
  return {
    gracePeriod: worker.client?.config?.cancellation_grace_period ?? 1000,
    find: () => {
      const future = worker.futures?.[key];
      return {
        signal: worker.contexts?.[key]?.abortController?.signal,
        work: future?.inner ?? future?.promise,
      };
    },
  };
}

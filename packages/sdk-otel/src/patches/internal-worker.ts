import type { InternalWorker } from '@hatchet-dev/typescript-sdk/v1/client/worker/worker-internal.js';
import { cancelling } from '../cancelling.ts';
import { processing, type TaskHost } from '../processing.ts';
import { tracedCall } from '../traced-call.ts';
import type { ClassPatch } from './class-patch.ts';

/** `InternalWorker.handleStartStepRun` and `.handleCancelStepRun`: what the worker does with an action it received. */
export const internalWorkerPatch: ClassPatch = {
  file: 'v1/client/worker/worker-internal.js',
  className: 'InternalWorker',
  wrappers: {
    handleStartStepRun: (original, telemetry) =>
      function handleStartStepRun(this: InternalWorker, ...args: StartArgs) {
        return tracedCall(
          'tracing a task',
          args,
          (given): StartResult => original.apply(this, given),
          () => (telemetry.enabled ? processing(telemetry, args, args[0], taskHost(this, args[0])) : undefined),
        );
      },
    handleCancelStepRun: (original, telemetry) =>
      function handleCancelStepRun(this: InternalWorker, ...args: CancelArgs) {
        return tracedCall(
          'tracing a cancellation',
          args,
          (given): CancelResult => original.apply(this, given),
          () => (telemetry.enabled ? cancelling(telemetry, args, args[0], taskHost(this, args[0])) : undefined),
        );
      },
  },
};

type StartArgs = Parameters<InternalWorker['handleStartStepRun']>;
type StartResult = ReturnType<InternalWorker['handleStartStepRun']>;
type CancelArgs = Parameters<InternalWorker['handleCancelStepRun']>;
type CancelResult = ReturnType<InternalWorker['handleCancelStepRun']>;

function taskHost(worker: InternalWorker, action: StartArgs[0]): TaskHost {
  return {
    workerId: worker.workerId,
    workerName: worker.name,
    client: worker.client?.config,
    registered: worker.action_registry?.[action.actionId] !== undefined,
    gracePeriod: worker.client?.config?.cancellation_grace_period ?? 1000,
    task: () => {
      const future = worker.futures?.[action.key];
      return {
        signal: worker.contexts?.[action.key]?.abortController?.signal,
        work: future?.inner ?? future?.promise,
      };
    },
  };
}

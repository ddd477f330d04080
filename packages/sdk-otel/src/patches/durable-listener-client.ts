import type {
  DurableTaskEventRunAck,
  DurableTaskSendEvent,
  RunChildrenEvent,
} from '@hatchet-dev/typescript-sdk/clients/listeners/durable-listener/durable-events.js';
import type { DurableListenerClient } from '@hatchet-dev/typescript-sdk/clients/listeners/durable-listener/durable-listener-client.js';
import type { TriggerWorkflowRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import type { DurableLog } from '../attempts/durable-log.ts';
import { addOnSuccess, type PreparedCall, traceCall } from '../call/prepared-call.ts';
import { prepareSpawn } from '../durable/spawn.ts';
import { activeTurn } from '../durable/wait.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';
import { isLive, type Telemetry } from '../telemetry/telemetry.ts';

/**
 * Traces `DurableListenerClient.sendEvent`, which sends a durable task's spawns, waits and memos to the event log. The SDK
 * sends them one after the other, in the order of the calls, and a replay repeats this order.
 */
export const durableListenerClientPatch: ClassPatch = {
  file: 'clients/listeners/durable-listener/durable-listener-client.js',
  className: 'DurableListenerClient',
  wrappers: {
    sendEvent: (original, telemetry) =>
      function sendEvent(this: DurableListenerClient, ...args: SendArgs) {
        return traceCall(
          'tracing an entry of the event log',
          args,
          (callArgs): SendResult => original.apply(this, callArgs),
          () => (isLive(telemetry) ? prepareEntry(telemetry, this, args) : undefined),
        );
      },
  },
};

type SendArgs = [taskRunId: string, invocation: number, event: DurableTaskSendEvent, ...rest: unknown[]];
type SendResult = Promise<unknown>;

function prepareEntry(
  telemetry: Telemetry,
  listener: DurableListenerClient,
  args: SendArgs,
): PreparedCall<SendArgs, SendResult> | undefined {
  const [taskRunId, invocation, event, ...rest] = args;
  const known = telemetry.attempts.latest(taskRunId)?.log;
  const log = known?.invocation === invocation ? known : undefined;
  if (log?.isReplaying) return withAcknowledgement({ args }, log);
  if (event.kind === 'runChildren') {
    const call = prepareSpawn<SendArgs, Promise<DurableTaskEventRunAck>, TriggerWorkflowRequest>(
      telemetry,
      { args, children: event.triggerOpts, invocation, client: listener.config },
      (triggerOpts) => {
        const spawned: RunChildrenEvent = { ...event, triggerOpts };
        return [taskRunId, invocation, spawned, ...rest];
      },
    );
    return withAcknowledgement(call as PreparedCall<SendArgs, SendResult>, log);
  }
  if (event.kind === 'waitFor') activeTurn()?.begin(waitValues(event));
  else if (invocation === 1) activeTurn()?.begin(); // a later invocation may get the value of an earlier one
  return withAcknowledgement({ args }, log);
}

// an entry without acknowledgement is sent again by the replay, which then sees it for the first time
function withAcknowledgement(
  call: PreparedCall<SendArgs, SendResult>,
  log: DurableLog | undefined,
): PreparedCall<SendArgs, SendResult> {
  return log ? addOnSuccess(call, () => log.acknowledge()) : call;
}

function waitValues({ waitForConditions }: Extract<DurableTaskSendEvent, { kind: 'waitFor' }>) {
  const conditions = [...(waitForConditions?.sleepConditions ?? []), ...(waitForConditions?.userEventConditions ?? [])];
  return {
    hatchet: {
      num_conditions: conditions.length,
      signal_key: conditions
        .map(({ base }) => base?.readableDataKey ?? '')
        .filter(Boolean)
        .join(','),
    },
  };
}

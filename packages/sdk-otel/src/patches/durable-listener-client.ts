import type {
  DurableTaskEventRunAck,
  DurableTaskSendEvent,
  RunChildrenEvent,
} from '@hatchet-dev/typescript-sdk/clients/listeners/durable-listener/durable-events.js';
import type { DurableListenerClient } from '@hatchet-dev/typescript-sdk/clients/listeners/durable-listener/durable-listener-client.js';
import type { TriggerWorkflowRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import type { DurableLog } from '../durable-log.ts';
import { spawning } from '../spawning.ts';
import { isLive, type Telemetry } from '../telemetry.ts';
import { type PreparedCall, tracedCall } from '../traced-call.ts';
import { activeTurn } from '../waiting.ts';
import type { ClassPatch } from './class-patch.ts';

/**
 * `DurableListenerClient.sendEvent`: where a durable task's spawns, waits and memos take their turn in the event log. The
 * SDK sends them one after the other, in the order of the calls, which a replay repeats.
 */
export const durableListenerClientPatch: ClassPatch = {
  file: 'clients/listeners/durable-listener/durable-listener-client.js',
  className: 'DurableListenerClient',
  wrappers: {
    sendEvent: (original, telemetry) =>
      function sendEvent(this: DurableListenerClient, ...args: SendArgs) {
        return tracedCall(
          'tracing an entry of the event log',
          args,
          (given): SendResult => original.apply(this, given),
          () => (isLive(telemetry) ? entry(telemetry, this, args) : undefined),
        );
      },
  },
};

type SendArgs = [taskRunId: string, invocation: number, event: DurableTaskSendEvent, ...rest: unknown[]];
type SendResult = Promise<unknown>;

function entry(
  telemetry: Telemetry,
  listener: DurableListenerClient,
  args: SendArgs,
): PreparedCall<SendArgs, SendResult> | undefined {
  const [taskRunId, invocation, event, ...rest] = args;
  const known = telemetry.attempts.latest(taskRunId)?.log;
  const log = known?.invocation === invocation ? known : undefined;
  const replays = log?.replays ?? false;
  if (replays) return acknowledging({ args }, log);
  if (event.kind === 'runChildren') {
    const call = spawning<SendArgs, Promise<DurableTaskEventRunAck>, TriggerWorkflowRequest>(
      telemetry,
      { args, children: event.triggerOpts, invocation, client: listener.config },
      (triggerOpts) => {
        const spawned: RunChildrenEvent = { ...event, triggerOpts };
        return [taskRunId, invocation, spawned, ...rest];
      },
    );
    return acknowledging(call as PreparedCall<SendArgs, SendResult>, log);
  }
  activeTurn()?.begin(event.kind === 'waitFor' ? waitValues(event) : undefined);
  return acknowledging({ args }, log);
}

// an entry without acknowledgement is sent again by the replay, and is then seen for the first time
function acknowledging(
  call: PreparedCall<SendArgs, SendResult>,
  log: DurableLog | undefined,
): PreparedCall<SendArgs, SendResult> {
  if (!log) return call;
  return {
    ...call,
    succeeded: (result) => {
      log.acknowledged();
      call.succeeded?.(result);
    },
  };
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

import type { RunsClient } from '@hatchet-dev/typescript-sdk/v1/client/features/runs.js';
import { type PreparedCall, traceCall } from '../call/prepared-call.ts';
import type { ClientTelemetryConfig } from '../configuration/settings.ts';
import type { ClassPatch, Wrapper } from '../instrumentation/class-patch.ts';
import type { SpanValues } from '../tables/attributes.ts';
import { prepareSpan } from '../telemetry/span.ts';
import { isLive, type Telemetry } from '../telemetry/telemetry.ts';

/** Traces `RunsClient.cancel` and `.replay`, which a run's reference and a task's context call too. */
export const runsClientPatch: ClassPatch = {
  file: 'v1/client/features/runs.js',
  className: 'RunsClient',
  wrappers: { cancel: wrapCommand('cancel_runs'), replay: wrapCommand('replay_runs') },
};

type CommandArgs = Parameters<RunsClient['cancel']>;
type CommandResult = ReturnType<RunsClient['cancel']>;

function wrapCommand(operation: 'cancel_runs' | 'replay_runs'): Wrapper {
  return (original, telemetry) =>
    function command(this: RunsClient, ...args: CommandArgs) {
      return traceCall(
        `tracing ${operation}`,
        args,
        (callArgs): CommandResult => original.apply(this, callArgs),
        () => (telemetry.tracing && isLive(telemetry) ? prepareCommand(telemetry, operation, this, args) : undefined),
      );
    };
}

function prepareCommand(
  telemetry: Telemetry,
  operation: 'cancel_runs' | 'replay_runs',
  runs: RunsClient,
  args: CommandArgs,
): PreparedCall<CommandArgs, CommandResult> {
  const [{ ids }] = args;
  const plan = {
    operation,
    args,
    // private in the SDK, the only way to the client's configuration
    client: (runs as unknown as { _config?: ClientTelemetryConfig })._config,
    details: () => runValues(ids),
  };
  // with a filter, only the engine's response has the ids
  return prepareSpan(telemetry, plan, undefined, ids ? undefined : (response) => runValues(response?.data?.ids));
}

const RUN_IDS = 100;

function runValues(ids: unknown): SpanValues {
  if (!Array.isArray(ids)) return { hatchet: {} };
  return { hatchet: { run_ids: ids.slice(0, RUN_IDS), num_runs: ids.length } };
}

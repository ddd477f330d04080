import type { RunsClient } from '@hatchet-dev/typescript-sdk/v1/client/features/runs.js';
import { context } from '@opentelemetry/api';
import type { SpanValues } from '../attributes.ts';
import { recordFailure } from '../failure.ts';
import { activeUnder } from '../handover.ts';
import type { ClientTelemetryConfig } from '../settings.ts';
import { describe, endSpan, isLive, type SpanPlan, startSpan, type Telemetry } from '../telemetry.ts';
import { type PreparedCall, tracedCall } from '../traced-call.ts';
import type { ClassPatch, Wrapper } from './class-patch.ts';

/** `RunsClient.cancel` and `.replay`, where those of a run's reference and of a task's context end too. */
export const runsClientPatch: ClassPatch = {
  file: 'v1/client/features/runs.js',
  className: 'RunsClient',
  wrappers: { cancel: commanding('cancel_runs'), replay: commanding('replay_runs') },
};

type CommandArgs = Parameters<RunsClient['cancel']>;
type CommandResult = ReturnType<RunsClient['cancel']>;

function commanding(operation: 'cancel_runs' | 'replay_runs'): Wrapper {
  return (original, telemetry) =>
    function command(this: RunsClient, ...args: CommandArgs) {
      return tracedCall(
        `tracing ${operation}`,
        args,
        (given): CommandResult => original.apply(this, given),
        () => (telemetry.tracing && isLive(telemetry) ? commanded(telemetry, operation, this, args) : undefined),
      );
    };
}

function commanded(
  telemetry: Telemetry,
  operation: 'cancel_runs' | 'replay_runs',
  runs: RunsClient,
  args: CommandArgs,
): PreparedCall<CommandArgs, CommandResult> {
  const [{ ids }] = args;
  const plan: SpanPlan = {
    operation,
    args,
    // the SDK keeps it for its own calls, under a name of its own
    client: (runs as unknown as { _config?: ClientTelemetryConfig })._config,
    details: () => runValues(ids),
  };
  const above = context.active();
  const span = startSpan(telemetry, plan, above);
  const below = activeUnder(span, above);
  if (!span.isRecording()) return { args, context: below };
  return {
    args,
    context: below,
    succeeded: (response) => {
      // with a filter only the engine knows which runs it found
      if (!ids) describe(telemetry, span, plan.client, () => runValues(response?.data?.ids));
      endSpan(telemetry, span, plan);
    },
    failed: (thrown) => {
      recordFailure(span, thrown);
      endSpan(telemetry, span, plan, { thrown });
    },
  };
}

const RUN_IDS = 100;

function runValues(ids: unknown): SpanValues {
  if (!Array.isArray(ids)) return { hatchet: {} };
  return { hatchet: { run_ids: ids.slice(0, RUN_IDS), num_runs: ids.length } };
}

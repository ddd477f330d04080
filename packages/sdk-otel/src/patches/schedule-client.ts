import type { ScheduleClient } from '@hatchet-dev/typescript-sdk/v1/client/features/schedules.js';
import { guard } from '../call/guard.ts';
import { traceCall } from '../call/prepared-call.ts';
import { futureRelation } from '../context/relation.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';
import { prepareSend } from '../producing/send.ts';
import { isLive } from '../telemetry/telemetry.ts';
import { clientOf } from './hatchet-client.ts';
import { sentWorkflowName } from './sent-names.ts';

/** Traces `ScheduleClient.create`, which `task.schedule` and `task.delay` call too. */
export const scheduleClientPatch: ClassPatch = {
  file: 'v1/client/features/schedules.js',
  className: 'ScheduleClient',
  // crons have the same method names
  marker: 'getScheduledRunId',
  wrappers: {
    create: (original, telemetry) =>
      function create(this: ScheduleClient, ...args: CreateArgs) {
        return traceCall(
          'tracing a schedule',
          args,
          (callArgs): CreateResult => original.apply(this, callArgs),
          () => {
            if (!isLive(telemetry)) return undefined;
            const [workflow, schedule, ...rest] = args;
            const at = timeOf(schedule.triggerAt);
            const message = {
              operation: 'schedule_workflow' as const,
              args,
              client: clientOf(this),
              metadata: schedule.additionalMetadata,
              relation: isFarOff(at) ? futureRelation(telemetry.settings.relation) : undefined,
              initial: {
                hatchet: { workflow_name: sentWorkflowName(workflow, this.namespace) },
                destination: 'workflow_name' as const,
              },
              details: () => ({
                hatchet: {
                  run_at_timestamps: at && [at.toISOString()],
                  priority: schedule.priority,
                  namespace: this.namespace,
                },
              }),
              data: () => ({ payload: schedule.input, metadata: schedule.additionalMetadata }),
              resultValues: (created: Awaited<CreateResult>) => ({ hatchet: { schedule_id: created?.metadata?.id } }),
            };
            return prepareSend<CreateArgs, CreateResult>(telemetry, args, message, (additionalMetadata) => [
              workflow,
              { ...schedule, additionalMetadata: additionalMetadata as Record<string, string> },
              ...rest,
            ]);
          },
        );
      },
  },
};

type CreateArgs = Parameters<ScheduleClient['create']>;
type CreateResult = ReturnType<ScheduleClient['create']>;

const HOUR = 3_600_000;

// the SDK accepts the same as `new Date` and rejects invalid values itself
function timeOf(triggerAt: unknown): Date | undefined {
  const time = guard('reading triggerAt', () => new Date(triggerAt as Date));
  return time && Number.isFinite(time.getTime()) ? time : undefined;
}

function isFarOff(time: Date | undefined): boolean {
  return time !== undefined && time.getTime() - Date.now() > HOUR;
}

import type { ScheduleClient } from '@hatchet-dev/typescript-sdk/v1/client/features/schedules.js';
import { clientOf } from '../client-config.ts';
import { guarded } from '../guard.ts';
import { futureRelation } from '../relation.ts';
import { sending } from '../sending.ts';
import { isLive } from '../telemetry.ts';
import { tracedCall } from '../traced-call.ts';
import type { ClassPatch } from './class-patch.ts';
import { nameOfWorkflow } from './workflow-name.ts';

/** `ScheduleClient.create`, where `task.schedule` and `task.delay` end too. */
export const scheduleClientPatch: ClassPatch = {
  file: 'v1/client/features/schedules.js',
  className: 'ScheduleClient',
  // crons have the same method names
  marker: 'getScheduledRunId',
  wrappers: {
    create: (original, telemetry) =>
      function create(this: ScheduleClient, ...args: CreateArgs) {
        return tracedCall(
          'tracing a schedule',
          args,
          (given): CreateResult => original.apply(this, given),
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
                hatchet: { workflow_name: nameOfWorkflow(workflow) },
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
              sent: (created: Awaited<CreateResult>) => ({ hatchet: { schedule_id: created?.metadata?.id } }),
            };
            return sending<CreateArgs, CreateResult>(telemetry, args, message, (additionalMetadata) => [
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

// the SDK takes all that `new Date` does, and refuses the rest itself
function timeOf(triggerAt: unknown): Date | undefined {
  const time = guarded('reading triggerAt', () => new Date(triggerAt as Date));
  return time && Number.isFinite(time.getTime()) ? time : undefined;
}

function isFarOff(time: Date | undefined): boolean {
  return time !== undefined && time.getTime() - Date.now() > HOUR;
}

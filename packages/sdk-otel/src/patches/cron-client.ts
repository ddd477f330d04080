import type { CronClient } from '@hatchet-dev/typescript-sdk/v1/client/features/crons.js';
import { clientOf } from '../client-config.ts';
import { futureRelation } from '../relation.ts';
import { sending } from '../sending.ts';
import { isLive } from '../telemetry.ts';
import { tracedCall } from '../traced-call.ts';
import type { ClassPatch } from './class-patch.ts';
import { nameOfWorkflow } from './workflow-name.ts';

/** `CronClient.create`, where `task.cron` ends too. Every firing carries the metadata that are given here. */
export const cronClientPatch: ClassPatch = {
  file: 'v1/client/features/crons.js',
  className: 'CronClient',
  // schedules have the same method names
  marker: 'getCronId',
  wrappers: {
    create: (original, telemetry) =>
      function create(this: CronClient, ...args: CreateArgs) {
        return tracedCall(
          'tracing a cron',
          args,
          (given): CreateResult => original.apply(this, given),
          () => {
            if (!isLive(telemetry)) return undefined;
            const [workflow, cron, ...rest] = args;
            const message = {
              operation: 'create_cron' as const,
              args,
              client: clientOf(this),
              metadata: cron.additionalMetadata,
              relation: futureRelation(telemetry.settings.relation),
              initial: {
                hatchet: { workflow_name: nameOfWorkflow(workflow) },
                destination: 'workflow_name' as const,
              },
              details: () => ({
                hatchet: {
                  cron_name: cron.name,
                  cron_expression: cron.expression,
                  priority: cron.priority,
                  namespace: this.namespace,
                },
              }),
              data: () => ({ payload: cron.input, metadata: cron.additionalMetadata }),
              sent: (created: Awaited<CreateResult>) => ({ hatchet: { cron_id: created?.metadata?.id } }),
            };
            return sending<CreateArgs, CreateResult>(telemetry, args, message, (additionalMetadata) => [
              workflow,
              { ...cron, additionalMetadata: additionalMetadata as Record<string, string> },
              ...rest,
            ]);
          },
        );
      },
  },
};

type CreateArgs = Parameters<CronClient['create']>;
type CreateResult = ReturnType<CronClient['create']>;

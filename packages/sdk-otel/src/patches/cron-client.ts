import type { CronClient } from '@hatchet-dev/typescript-sdk/v1/client/features/crons.js';
import { traceCall } from '../call/prepared-call.ts';
import { futureRelation } from '../context/relation.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';
import { prepareSend } from '../producing/send.ts';
import { isLive } from '../telemetry/telemetry.ts';
import { clientOf } from './hatchet-client.ts';
import { sentWorkflowName } from './sent-names.ts';

/** Traces `CronClient.create`, which `task.cron` calls too. Every firing carries the metadata from here. */
export const cronClientPatch: ClassPatch = {
  file: 'v1/client/features/crons.js',
  className: 'CronClient',
  // schedules have the same method names
  marker: 'getCronId',
  wrappers: {
    create: (original, telemetry) =>
      function create(this: CronClient, ...args: CreateArgs) {
        return traceCall(
          'tracing a cron',
          args,
          (callArgs): CreateResult => original.apply(this, callArgs),
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
                hatchet: { workflow_name: sentWorkflowName(workflow, this.namespace) },
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
              resultValues: (created: Awaited<CreateResult>) => ({ hatchet: { cron_id: created?.metadata?.id } }),
            };
            return prepareSend<CreateArgs, CreateResult>(telemetry, args, message, (additionalMetadata) => [
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

import type { AdminClient } from '@hatchet-dev/typescript-sdk/v1/client/admin.js';
import type { SpanValues } from '../attributes.ts';
import { captured } from '../capture.ts';
import { afterwards, type DurableChild, durableChild } from '../durable-child.ts';
import { sending, sendingBulk } from '../sending.ts';
import { isLive, type Telemetry } from '../telemetry.ts';
import { tracedCall } from '../traced-call.ts';
import type { ClassPatch } from './class-patch.ts';

/** `AdminClient.runWorkflow` and `.runWorkflows`: every declaration's run and every child ends there. */
export const adminClientPatch: ClassPatch = {
  file: 'v1/client/admin.js',
  className: 'AdminClient',
  notWith: 'scheduleWorkflow',
  wrappers: {
    runWorkflow: (original, telemetry) =>
      function runWorkflow(this: AdminClient, ...args: RunArgs) {
        return tracedCall(
          'tracing runWorkflow',
          args,
          (given): RunResult => original.apply(this, given),
          () => {
            if (!isLive(telemetry)) return undefined;
            const [workflowName, input, options, ...rest] = args;
            const child = durableChild(telemetry, options);
            if (child?.isReplayed()) return undefined;
            const message = {
              ...runMessage(telemetry, this, { workflowName, input, options }, args, child),
              sent: sentRun,
            };
            const call = sending<RunArgs, RunResult>(telemetry, args, message, (additionalMetadata) => [
              workflowName,
              input,
              { ...options, additionalMetadata: additionalMetadata as Record<string, string> },
              ...rest,
            ]);
            return child ? afterwards(call, () => child.spawned()) : call;
          },
        );
      },
    runWorkflows: (original, telemetry) =>
      function runWorkflows(this: AdminClient, ...args: RunsArgs) {
        return tracedCall(
          'tracing runWorkflows',
          args,
          (given): RunsResult => original.apply(this, given),
          () => {
            const [runs, ...rest] = args;
            if (!isLive(telemetry) || !Array.isArray(runs)) return undefined;
            const children = new Map(runs.map((run) => [run, durableChild(telemetry, run.options)]));
            const isReplayed = (run: RunItem) => children.get(run)?.isReplayed() === true;
            if (runs.length > 0 && runs.every(isReplayed)) return undefined;
            const call = sendingBulk<RunsArgs, RunItem, RunsResult>(
              telemetry,
              {
                operation: 'run_workflows',
                args,
                client: this.config,
                items: runs,
                details: () => ({
                  hatchet: {
                    num_workflows: runs.length,
                    unique_workflow_names: [...new Set(runs.map((run) => run.workflowName))],
                    namespace: this.config?.namespace,
                    durable_invocation_count: runs.map((run) => children.get(run)?.invocation).find(Boolean),
                  },
                  batch: 'num_workflows',
                }),
                message: (run) =>
                  isReplayed(run) ? undefined : runMessage(telemetry, this, run, [run], children.get(run)),
                withMetadata: (run, additionalMetadata) => ({
                  ...run,
                  options: { ...run.options, additionalMetadata: additionalMetadata as Record<string, string> },
                }),
                sent: (refs, index) => sentRun(refs[index]),
              },
              (items) => [items, ...rest],
            );
            return afterwards(call, () => {
              for (const child of children.values()) child?.spawned();
            });
          },
        );
      },
  },
};

type RunArgs = Parameters<AdminClient['runWorkflow']>;
type RunResult = ReturnType<AdminClient['runWorkflow']>;
type RunsArgs = Parameters<AdminClient['runWorkflows']>;
type RunsResult = ReturnType<AdminClient['runWorkflows']>;
type RunItem = RunsArgs[0][number];

function runMessage(
  telemetry: Telemetry,
  admin: AdminClient,
  { workflowName, input, options }: RunItem,
  args: readonly unknown[],
  child: DurableChild | undefined,
) {
  return {
    operation: 'run_workflow' as const,
    args,
    client: admin.config,
    metadata: options?.additionalMetadata,
    initial: { hatchet: { workflow_name: workflowName }, destination: 'workflow_name' as const },
    details: (): SpanValues => ({
      hatchet: {
        parent_id: options?.parentId,
        parent_step_run_id: options?.parentTaskRunExternalId ?? options?.parentStepRunId,
        child_index: options?.childIndex,
        child_key: options?.childKey,
        desired_worker_id: options?.desiredWorkerId,
        sticky: (options as { sticky?: string } | undefined)?.sticky,
        priority: options?.priority,
        durable_invocation_count: child?.invocation,
        namespace: admin.config?.namespace,
        ...captured(telemetry.settings.capture, { payload: input, metadata: options?.additionalMetadata }),
      },
    }),
  };
}

// only the id: touching `output` would subscribe, and a second subscription takes the place of the caller's
function sentRun(ref: { readonly workflowRunId?: unknown } | undefined): SpanValues {
  const id = ref?.workflowRunId;
  return {
    hatchet: { child_workflow_run_id: typeof id === 'string' ? id : undefined },
    message: 'child_workflow_run_id',
  };
}

import type { AdminClient } from '@hatchet-dev/typescript-sdk/v1/client/admin.js';
import type { SpanValues } from '../attributes.ts';
import { captured } from '../capture.ts';
import { sending, sendingBulk } from '../sending.ts';
import type { Telemetry } from '../telemetry.ts';
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
            if (!telemetry.enabled) return undefined;
            const [workflowName, input, options, ...rest] = args;
            const message = { ...runMessage(telemetry, this, { workflowName, input, options }), sent: sentRun };
            return sending<RunArgs, RunResult>(telemetry, args, message, (additionalMetadata) => [
              workflowName,
              input,
              { ...options, additionalMetadata: additionalMetadata as Record<string, string> },
              ...rest,
            ]);
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
            if (!telemetry.enabled || !Array.isArray(runs)) return undefined;
            return sendingBulk<RunsArgs, RunItem, RunsResult>(
              telemetry,
              {
                operation: 'run_workflows',
                client: this.config,
                items: runs,
                details: () => ({
                  hatchet: {
                    num_workflows: runs.length,
                    unique_workflow_names: [...new Set(runs.map((run) => run.workflowName))],
                    namespace: this.config?.namespace,
                  },
                  batch: 'num_workflows',
                }),
                message: (run) => runMessage(telemetry, this, run),
                withMetadata: (run, additionalMetadata) => ({
                  ...run,
                  options: { ...run.options, additionalMetadata: additionalMetadata as Record<string, string> },
                }),
                sent: (refs, index) => sentRun(refs[index]),
              },
              (items) => [items, ...rest],
            );
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

function runMessage(telemetry: Telemetry, admin: AdminClient, { workflowName, input, options }: RunItem) {
  return {
    operation: 'run_workflow' as const,
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

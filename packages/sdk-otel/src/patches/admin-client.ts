import type { AdminClient } from '@hatchet-dev/typescript-sdk/v1/client/admin.js';
import type { SpanValues } from '../attributes.ts';
import { afterwards, durableChild } from '../durable-child.ts';
import { sending, sendingBulk } from '../sending.ts';
import { isLive } from '../telemetry.ts';
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
            if (child?.isReplayed) return undefined;
            const call = sending<RunArgs, RunResult>(
              telemetry,
              args,
              {
                operation: 'run_workflow',
                args,
                client: this.config,
                metadata: options?.additionalMetadata,
                initial: destination(workflowName),
                details: () => runValues(this, options, child?.invocation),
                data: () => ({ payload: input, metadata: options?.additionalMetadata }),
                sent: sentRun,
              },
              (metadata) => [workflowName, input, withMetadata(options, metadata), ...rest],
            );
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
            const children = runs.map((run) => durableChild(telemetry, run.options));
            if (runs.length > 0 && children.every((child) => child?.isReplayed)) return undefined;
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
                    durable_invocation_count: children.find(Boolean)?.invocation,
                  },
                  batch: 'num_workflows',
                }),
                isReplayed: (index) => children[index]?.isReplayed ?? false,
                metadata: ({ options }) => options?.additionalMetadata,
                destination: ({ workflowName }) => destination(workflowName),
                plan: (run, index) => ({
                  operation: 'run_workflow',
                  args: [run],
                  client: this.config,
                  initial: destination(run.workflowName),
                  details: () => runValues(this, run.options, children[index]?.invocation),
                  data: () => ({ payload: run.input, metadata: run.options?.additionalMetadata }),
                }),
                withMetadata: (run, metadata) => ({ ...run, options: withMetadata(run.options, metadata) }),
                sent: (refs, index) => sentRun(refs[index]),
              },
              (items) => [items, ...rest],
            );
            if (!children.some(Boolean)) return call;
            return afterwards(call, () => children.forEach((child) => void child?.spawned()));
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
type RunOptions = RunItem['options'];

function destination(workflowName: string): SpanValues {
  return { hatchet: { workflow_name: workflowName }, destination: 'workflow_name' };
}

function withMetadata(options: RunOptions, metadata: Record<string, unknown>): RunOptions {
  return { ...options, additionalMetadata: metadata as Record<string, string> };
}

function runValues(admin: AdminClient, options: RunOptions, invocation: number | undefined): SpanValues {
  return {
    hatchet: {
      parent_id: options?.parentId,
      parent_step_run_id: options?.parentTaskRunExternalId ?? options?.parentStepRunId,
      child_index: options?.childIndex,
      child_key: options?.childKey,
      desired_worker_id: options?.desiredWorkerId,
      sticky: (options as { sticky?: string } | undefined)?.sticky,
      priority: options?.priority,
      durable_invocation_count: invocation,
      namespace: admin.config?.namespace,
    },
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

import type { AdminClient } from '@hatchet-dev/typescript-sdk/v1/client/admin.js';
import { addOnSuccess, traceCall } from '../call/prepared-call.ts';
import { durableChild } from '../durable/child.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';
import { prepareBulkSend, prepareSend } from '../producing/send.ts';
import type { SpanValues } from '../tables/attributes.ts';
import { isLive } from '../telemetry/telemetry.ts';
import { sentWorkflowName } from './sent-names.ts';

/** Traces `AdminClient.runWorkflow` and `.runWorkflows`, through which every declaration's runs and every child go. */
export const adminClientPatch: ClassPatch = {
  file: 'v1/client/admin.js',
  className: 'AdminClient',
  notWith: 'scheduleWorkflow',
  wrappers: {
    runWorkflow: (original, telemetry) =>
      function runWorkflow(this: AdminClient, ...args: RunArgs) {
        return traceCall(
          'tracing runWorkflow',
          args,
          (callArgs): RunResult => original.apply(this, callArgs),
          () => {
            if (!isLive(telemetry)) return undefined;
            const [workflowName, input, options, ...rest] = args;
            const child = durableChild(telemetry, options);
            if (child?.isReplayed) return undefined;
            const call = prepareSend<RunArgs, RunResult>(
              telemetry,
              args,
              {
                operation: 'run_workflow',
                args,
                client: this.config,
                metadata: options?.additionalMetadata,
                initial: destination(this, workflowName),
                details: () => runValues(this, options, child?.invocation),
                data: () => ({ payload: input, metadata: options?.additionalMetadata }),
                resultValues: createdRun,
              },
              (metadata) => [workflowName, input, withMetadata(options, metadata), ...rest],
            );
            return child ? addOnSuccess(call, () => child.remember()) : call;
          },
        );
      },
    runWorkflows: (original, telemetry) =>
      function runWorkflows(this: AdminClient, ...args: RunsArgs) {
        return traceCall(
          'tracing runWorkflows',
          args,
          (callArgs): RunsResult => original.apply(this, callArgs),
          () => {
            const [runs, ...rest] = args;
            if (!isLive(telemetry) || !Array.isArray(runs)) return undefined;
            const children = runs.map((run) => durableChild(telemetry, run.options));
            if (runs.length > 0 && children.every((child) => child?.isReplayed)) return undefined;
            const call = prepareBulkSend<RunsArgs, RunItem, RunsResult>(
              telemetry,
              {
                operation: 'run_workflows',
                args,
                client: this.config,
                items: runs,
                details: () => ({
                  hatchet: {
                    num_workflows: runs.length,
                    unique_workflow_names: [...new Set(runs.map((run) => nameOf(this, run.workflowName)))].filter(
                      (name) => name !== undefined,
                    ),
                    namespace: this.config?.namespace,
                    durable_invocation_count: children.find(Boolean)?.invocation,
                  },
                  batch: 'num_workflows',
                }),
                isReplayed: (index) => children[index]?.isReplayed ?? false,
                metadata: ({ options }) => options?.additionalMetadata,
                destination: ({ workflowName }) => destination(this, workflowName),
                plan: (run, index) => ({
                  operation: 'run_workflow',
                  args: [run],
                  client: this.config,
                  initial: destination(this, run.workflowName),
                  details: () => runValues(this, run.options, children[index]?.invocation),
                  data: () => ({ payload: run.input, metadata: run.options?.additionalMetadata }),
                }),
                withMetadata: (run, metadata) => ({ ...run, options: withMetadata(run.options, metadata) }),
                resultValues: (refs, index) => createdRun(refs[index]),
              },
              (items) => [items, ...rest],
            );
            if (!children.some(Boolean)) return call;
            return addOnSuccess(call, () => children.forEach((child) => void child?.remember()));
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

function nameOf({ config }: AdminClient, workflowName: string): string | undefined {
  return sentWorkflowName(workflowName, config?.namespace);
}

function destination(admin: AdminClient, workflowName: string): SpanValues {
  return { hatchet: { workflow_name: nameOf(admin, workflowName) }, destination: 'workflow_name' };
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

// reads only the id: reading `output` would subscribe, and a second subscription replaces the caller's
function createdRun(ref: { readonly workflowRunId?: unknown } | undefined): SpanValues {
  const id = ref?.workflowRunId;
  return {
    hatchet: { child_workflow_run_id: typeof id === 'string' ? id : undefined },
    message: 'child_workflow_run_id',
  };
}

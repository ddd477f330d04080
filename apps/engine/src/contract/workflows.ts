import type { TriggerWorkflowRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/shared/trigger.js';
import {
  WorkflowServiceDefinition,
  type WorkflowServiceImplementation,
} from '@hatchet-dev/typescript-sdk/protoc/workflows/workflows.js';
import { type RunAttributes, runSpan, setRunAttributes } from '@hatchet-ts/server-otel';
import { context, trace } from '@opentelemetry/api';
import { Refusal, unsupported } from '../refusal.ts';
import type { Creation } from '../runs/creation.ts';
import type { RunRequest } from '../runs/new-run.ts';
import type { Authorised } from './authorisation.ts';
import { jsonField, metadataField, priorityField, uuidField } from './fields.ts';
import { unimplemented } from './unimplemented.ts';

/** Most runs that one call may ask for; the official SDKs send at most so many. */
export const MOST_RUNS = 1_000;

/** `WorkflowService`: starts runs. */
export function workflowService(creation: Creation): WorkflowServiceImplementation<Authorised> {
  async function trigger(
    tenantId: string,
    triggers: readonly TriggerWorkflowRequest[],
    attributes: RunAttributes,
  ): Promise<string[]> {
    const requests = triggers.map(runRequest);
    const call = trace.getSpanContext(context.active());
    return runSpan('trigger-workflow-run', { attributes }, async (span) => {
      const runs = await creation.prepare(tenantId, requests, call);
      const ids = await creation.store(runs);
      creation.committed(runs);
      if (ids.length === 1) setRunAttributes(span, { 'workflow_run.id': ids[0] });
      return ids;
    });
  }

  return {
    ...unimplemented<typeof WorkflowServiceDefinition, Authorised>(WorkflowServiceDefinition),
    async triggerWorkflow(request, { tenantId }) {
      const [workflowRunId = ''] = await trigger(tenantId, [request], { 'workflow.name': request.name.toLowerCase() });
      return { workflowRunId };
    },
    async bulkTriggerWorkflow({ workflows }, { tenantId }) {
      if (workflows.length > MOST_RUNS) {
        throw new Refusal('invalid', `a call may start ${MOST_RUNS} runs at most, not ${workflows.length}`);
      }
      return { workflowRunIds: await trigger(tenantId, workflows, { 'batch.item_count': workflows.length }) };
    },
  };
}

/** A request for a run, checked. @throws Refusal */
export function runRequest(request: TriggerWorkflowRequest): RunRequest {
  const { name, parentTaskRunExternalId, childIndex, childKey } = request;
  if (request.desiredWorkerId) throw unsupported('sticky assignment (desiredWorkerId)', `run of ${name}`);
  if (Object.keys(request.desiredWorkerLabels).length > 0) throw unsupported('desired worker labels', `run of ${name}`);
  const priority = priorityField(request.priority);
  return {
    workflowName: name.toLowerCase(),
    input: jsonField(request.input, 'input'),
    metadata: metadataField(request.additionalMetadata),
    ...(priority === undefined ? {} : { priority }),
    // Runs of a bulk carry a childIndex also where they are nobody's children.
    ...(parentTaskRunExternalId
      ? {
          parent: {
            taskId: uuidField(parentTaskRunExternalId, 'parentTaskRunExternalId'),
            ...(childIndex === undefined ? {} : { childIndex }),
            ...(childKey ? { childKey } : {}),
          },
        }
      : {}),
  };
}

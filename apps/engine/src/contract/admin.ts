import {
  AdminServiceDefinition,
  type AdminServiceImplementation,
  type CancelTasksRequest,
  type GetRunDetailsResponse,
  type ReplayTasksRequest,
  type TasksFilter,
} from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { runSpan } from '@hatchet-ts/server-otel';
import type { Database } from '@hatchet-ts/storage';
import { type RunFilter, runDetails } from '@hatchet-ts/storage/runs';
import { putWorkflow } from '@hatchet-ts/storage/workflows';
import { assertAtMost, assertSendable, MOST_ITEMS } from '../messages/limits.ts';
import { Refusal } from '../refusal.ts';
import type { Command, Selection } from '../runs/commands.ts';
import type { Registry } from '../runs/registry.ts';
import type { Authorized } from './authorization.ts';
import { workflowDefinition } from './definition.ts';
import { uuidField } from './fields.ts';
import { runDetailsResponse } from './run-results.ts';
import { unimplemented } from './unimplemented.ts';

export interface AdminDeps {
  db: Database;
  registry: Registry;
  cancel: Command;
  replay: Command;
}

/** `v1.AdminService`: registration of workflows, details of a run, and the API's commands, cancel and replay. */
export function adminService({ db, registry, cancel, replay }: AdminDeps): AdminServiceImplementation<Authorized> {
  return {
    ...unimplemented<typeof AdminServiceDefinition, Authorized>(AdminServiceDefinition),
    async putWorkflow(request, { tenantId }) {
      const { name } = request;
      const definition = workflowDefinition(request);
      return runSpan('put-workflow', { attributes: { 'workflow.name': name } }, async () => {
        const workflow = await putWorkflow(db, tenantId, name, definition);
        // It may have taken over a workflow with another name.
        registry.forget(workflow.id);
        registry.add(workflow);
        return { id: workflow.versionId, workflowId: workflow.id };
      });
    },
    async getRunDetails({ externalId }, { tenantId }) {
      const details = await runDetails(db, tenantId, uuidField(externalId, 'externalId'));
      if (!details) throw new Refusal('not-found', `run not found: ${externalId}`);
      const response = runDetailsResponse(details);
      assertSendable(payloadBytes(response), `run ${externalId}`);
      return response;
    },
    async cancelTasks(request, { tenantId }) {
      return { cancelledTasks: await cancel(tenantId, selection(request)) };
    },
    async replayTasks(request, { tenantId }) {
      return { replayedTasks: await replay(tenantId, selection(request)) };
    },
  };
}

function payloadBytes({ input, additionalMetadata, taskRuns }: GetRunDetailsResponse): number {
  const outputs = Object.values(taskRuns).map(({ output }) => output?.length ?? 0);
  return outputs.reduce((sum, bytes) => sum + bytes, input.length + additionalMetadata.length);
}

function selection({ externalIds, filter }: CancelTasksRequest | ReplayTasksRequest): Selection {
  if (externalIds.length === 0 && !filter) throw new Refusal('invalid', 'pass externalIds or a filter');
  assertAtMost(externalIds, MOST_ITEMS, 'externalIds');
  const ids = externalIds.map((id) => uuidField(id, 'externalIds'));
  return { ids: [...new Set(ids)], ...(filter ? { filter: runFilter(filter) } : {}) };
}

function runFilter({ since, until, statuses, workflowIds, additionalMetadata }: TasksFilter): RunFilter {
  return {
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
    statuses,
    workflowIds: workflowIds.map((id) => uuidField(id, 'filter.workflowIds')),
    additionalMetadata: Object.fromEntries(additionalMetadata.map(pair)),
  };
}

function pair(text: string): [string, string] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new Refusal('invalid', `filter.additionalMetadata must be pairs key:value, not ${text}`);
  return [text.slice(0, colon), text.slice(colon + 1)];
}

import type { WorkflowVersionView, WorkflowView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { JSON_OBJECT } from './json.ts';
import { listOf, METADATA, metadata } from './list.ts';

export const WORKFLOW = component(
  'Workflow',
  z.strictObject({
    metadata: METADATA,
    name: z.string(),
    description: z.string(),
    isPaused: z.literal(false),
    tenantId: z.guid(),
  }),
);
export const WORKFLOW_LIST = listOf('WorkflowList', WORKFLOW);

export const WORKFLOW_VERSION = component(
  'WorkflowVersion',
  z.strictObject({
    metadata: METADATA,
    version: z.string(),
    order: z.int(),
    workflowId: z.guid(),
    defaultPriority: z.int(),
    workflow: WORKFLOW,
    workflowConfig: JSON_OBJECT.describe('the stored definition'),
  }),
);

export function workflowShape(workflow: WorkflowView, tenantId: string): z.output<typeof WORKFLOW> {
  const { id, name, description, createdAt, updatedAt } = workflow;
  return { metadata: metadata(id, createdAt, updatedAt), name, description, isPaused: false, tenantId };
}

export function workflowVersionShape(
  { id, createdAt, order, definition }: WorkflowVersionView,
  workflow: WorkflowView,
  tenantId: string,
): z.output<typeof WORKFLOW_VERSION> {
  return {
    metadata: metadata(id, createdAt),
    version: `v${order}`,
    order,
    workflowId: workflow.id,
    defaultPriority: definition.defaultPriority,
    workflow: workflowShape(workflow, tenantId),
    workflowConfig: { ...definition },
  };
}

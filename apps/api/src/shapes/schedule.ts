import type { ScheduleView } from '@hatchet-ts/storage/triggers';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { JSON_OBJECT, objectOf, present, TIME } from './json.ts';
import { listOf, METADATA, metadata } from './list.ts';

export const SCHEDULE = component(
  'ScheduledWorkflows',
  z.strictObject({
    metadata: METADATA,
    tenantId: z.guid(),
    workflowVersionId: z.guid(),
    workflowId: z.guid(),
    workflowName: z.string(),
    triggerAt: TIME,
    input: JSON_OBJECT,
    additionalMetadata: JSON_OBJECT,
    workflowRunCreatedAt: TIME.optional(),
    workflowRunName: z.string().optional(),
    workflowRunStatus: z.enum(['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED']).optional(),
    workflowRunId: z.guid().optional(),
    method: z.enum(['DEFAULT', 'API']),
    priority: z.int().optional(),
  }),
);
export const SCHEDULE_LIST = listOf('ScheduledWorkflowsList', SCHEDULE);

export function scheduleShape(schedule: ScheduleView): z.output<typeof SCHEDULE> {
  const { id, createdAt, updatedAt, status, runId } = schedule;
  return present({
    metadata: metadata(id, createdAt, updatedAt),
    tenantId: schedule.tenantId,
    workflowVersionId: schedule.workflowVersionId,
    workflowId: schedule.workflowId,
    workflowName: schedule.workflowName,
    triggerAt: schedule.triggerAt.toISOString(),
    input: objectOf(schedule.input),
    additionalMetadata: objectOf(schedule.additionalMetadata),
    workflowRunCreatedAt: schedule.runCreatedAt?.toISOString(),
    workflowRunName: runId && schedule.workflowName,
    workflowRunStatus: status === 'SCHEDULED' ? null : status,
    workflowRunId: runId,
    method: schedule.method,
    priority: schedule.priority,
  });
}

import type { CronView } from '@hatchet-ts/storage/triggers';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { JSON_OBJECT, objectOf, present } from './json.ts';
import { listOf, METADATA, metadata } from './list.ts';

export const CRON = component(
  'CronWorkflows',
  z.strictObject({
    metadata: METADATA,
    tenantId: z.guid(),
    workflowVersionId: z.guid(),
    workflowId: z.guid(),
    workflowName: z.string(),
    cron: z.string(),
    name: z.string().optional(),
    input: JSON_OBJECT,
    additionalMetadata: JSON_OBJECT,
    enabled: z.boolean(),
    method: z.enum(['DEFAULT', 'API']),
    priority: z.int().optional(),
  }),
);
export const CRON_LIST = listOf('CronWorkflowsList', CRON);

export function cronShape(cron: CronView): z.output<typeof CRON> {
  return present({
    metadata: metadata(cron.id, cron.createdAt, cron.updatedAt),
    tenantId: cron.tenantId,
    workflowVersionId: cron.workflowVersionId,
    workflowId: cron.workflowId,
    workflowName: cron.workflowName,
    cron: cron.expression,
    name: cron.name || undefined,
    input: objectOf(cron.input),
    additionalMetadata: objectOf(cron.additionalMetadata),
    enabled: cron.enabled,
    method: cron.method,
    priority: cron.priority,
  });
}

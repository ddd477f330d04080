import type { EventView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { JSON_OBJECT, objectOf, present, TIME } from './json.ts';
import { listOf, METADATA, metadata } from './list.ts';

export const EVENT = component(
  'V1Event',
  z.strictObject({
    metadata: METADATA,
    key: z.string(),
    tenantId: z.guid(),
    additionalMetadata: JSON_OBJECT,
    payload: JSON_OBJECT,
    scope: z.string().optional(),
    seenAt: TIME,
    triggeredRuns: z.array(z.strictObject({ workflowRunId: z.guid() })),
    workflowRunSummary: z.strictObject({
      running: z.int(),
      queued: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      cancelled: z.int(),
    }),
  }),
);
export const EVENT_LIST = listOf('V1EventList', EVENT);

export function eventShape(event: EventView, tenantId: string): z.output<typeof EVENT> {
  const { id, key, payload, additionalMetadata, scope, createdAt, runs } = event;
  const having = (status: string) => runs.filter((run) => run.status === status).length;
  return present({
    metadata: metadata(id, createdAt),
    key,
    tenantId,
    additionalMetadata: objectOf(additionalMetadata),
    payload: objectOf(payload),
    scope,
    seenAt: createdAt.toISOString(),
    triggeredRuns: runs.map((run) => ({ workflowRunId: run.id })),
    workflowRunSummary: {
      running: having('RUNNING'),
      queued: having('QUEUED'),
      succeeded: having('COMPLETED'),
      failed: having('FAILED'),
      cancelled: having('CANCELLED'),
    },
  });
}

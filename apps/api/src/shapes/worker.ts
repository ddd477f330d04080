import type { WorkerView } from '@hatchet-ts/storage/reads';
import { z } from 'zod';
import { component } from '../routing/components.ts';
import { TIME } from './json.ts';
import { listOf, METADATA, metadata } from './list.ts';

export const WORKER = component(
  'Worker',
  z.strictObject({
    metadata: METADATA,
    name: z.string(),
    type: z.literal('SELFHOSTED'),
    status: z.enum(['ACTIVE', 'INACTIVE', 'PAUSED']),
    actions: z.array(z.string()),
    labels: z.array(z.strictObject({ metadata: METADATA, key: z.string(), value: z.string() })),
    lastHeartbeatAt: TIME,
    lastListenerEstablished: TIME,
    slotConfig: z.record(z.string(), z.strictObject({ limit: z.int() })),
  }),
);
export const WORKER_LIST = listOf('WorkerList', WORKER);

export function workerShape(worker: WorkerView): z.output<typeof WORKER> {
  const { id, name, status, actions, slots, labels, registeredAt, lastHeartbeatAt } = worker;
  return {
    metadata: metadata(id, registeredAt, lastHeartbeatAt),
    name,
    type: 'SELFHOSTED',
    status,
    actions,
    labels: Object.entries(labels).map(([key, value]) => ({
      metadata: metadata(id, registeredAt),
      key,
      value: String(value),
    })),
    lastHeartbeatAt: lastHeartbeatAt.toISOString(),
    lastListenerEstablished: registeredAt.toISOString(),
    slotConfig: Object.fromEntries(Object.entries(slots).map(([kind, limit]) => [kind, { limit }])),
  };
}

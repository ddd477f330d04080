import { afterEach, expect, test } from 'vitest';
import type { Metadata } from '../context/carrier.ts';
import { startRecorder } from '../testing/recorder.ts';
import { createTelemetry } from '../testing/telemetry.ts';
import { prepareBulkSend } from './send.ts';

const recorder = startRecorder();
afterEach(() => void recorder.take());

/** Sends as many items as given, of which a replay has sent the first ones before. */
function sendBulk(count: number, replayed: number, maxItemSpans: number): void {
  const telemetry = createTelemetry(recorder);
  const items = Array.from({ length: count }, (_, index) => ({ name: `item-${index}`, metadata: undefined }));
  const values = () => ({ hatchet: {} });
  prepareBulkSend<[unknown[]], { name: string; metadata: Metadata | undefined }, Promise<void>>(
    { ...telemetry, settings: { ...telemetry.settings, maxItemSpans } },
    {
      operation: 'run_workflows',
      args: [items],
      client: undefined,
      items,
      isReplayed: (index) => index < replayed,
      details: values,
      metadata: (item) => item.metadata,
      destination: values,
      plan: (item) => ({ operation: 'run_workflow', args: [item], client: undefined, details: values }),
      withMetadata: (item, metadata) => ({ ...item, metadata }),
      resultValues: values,
    },
    (sent) => [sent],
  ).onSuccess?.();
}

test.each([
  [6, 4, 3, { spans: 2, num: undefined }],
  [6, 2, 3, { spans: 3, num: 3 }],
  [6, 6, 3, { spans: 0, num: undefined }],
])('of %i items, %i replayed, at most %i get spans: %j', (count, replayed, limit, { spans, num }) => {
  sendBulk(count, replayed, limit);
  expect(recorder.named('hatchet.run_workflow')).toHaveLength(spans);
  expect(recorder.named('hatchet.run_workflows')[0]?.attributes['hatchet.num_item_spans']).toBe(num);
});

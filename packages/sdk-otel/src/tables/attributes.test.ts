import { expect, test } from 'vitest';
import { HATCHET_ATTRIBUTES, type HatchetAttribute, type HatchetValues, spanAttributes } from './attributes.ts';

const none: ReadonlySet<HatchetAttribute> = new Set();

test('every key is its name with the prefix', () => {
  for (const [name, key] of Object.entries(HATCHET_ATTRIBUTES)) expect(key).toBe(`hatchet.${name}`);
});

test('zero is kept; undefined, null and the empty string are left out', () => {
  const hatchet: HatchetValues = { retry_count: 0, child_index: 0, step_id: '', worker_id: undefined, tenant_id: null };
  expect(spanAttributes({ hatchet }, none)).toEqual({ 'hatchet.retry_count': 0, 'hatchet.child_index': 0 });
});

test('control characters are replaced, which the engine could not store', () => {
  const hatchet: HatchetValues = { event_key: 'a\0b', unique_event_keys: ['c\0'] };
  expect(spanAttributes({ hatchet, destination: 'event_key', clientId: 'd\0' }, none)).toEqual({
    'hatchet.event_key': 'a\ufffdb',
    'hatchet.unique_event_keys': ['c\ufffd'],
    'messaging.destination.name': 'a\ufffdb',
    'messaging.client.id': 'd\ufffd',
  });
});

test('values of a wrong type are left out', () => {
  const hatchet = {
    priority: 'high',
    child_index: 1.5,
    sticky: true,
    scope: { a: 1 },
    child_key: 7,
  } as unknown as HatchetValues;
  expect(spanAttributes({ hatchet }, none)).toEqual({ 'hatchet.sticky': 'true', 'hatchet.child_key': '7' });
});

test('the message also gets messaging attributes', () => {
  const values = {
    hatchet: { workflow_name: 'order', workflow_run_id: 'r', num_workflows: 3 },
    destination: 'workflow_name',
    message: 'workflow_run_id',
    batch: 'num_workflows',
    clientId: 'worker-1',
  } as const;
  expect(spanAttributes(values, none)).toEqual({
    'hatchet.workflow_name': 'order',
    'hatchet.workflow_run_id': 'r',
    'hatchet.num_workflows': 3,
    'messaging.destination.name': 'order',
    'messaging.message.id': 'r',
    'messaging.batch.message_count': 3,
    'messaging.client.id': 'worker-1',
  });
  expect(
    spanAttributes(values, new Set<HatchetAttribute>(['workflow_name', 'workflow_run_id', 'num_workflows'])),
  ).toEqual({
    'messaging.client.id': 'worker-1', // an excluded value is nowhere, under no other key either
  });
});

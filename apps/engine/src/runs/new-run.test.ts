import { expect, test } from 'vitest';
import { batchKey, childMetadata, eventRunMetadata } from './new-run.ts';

test.each([
  [undefined, '{"a":1}', ''],
  [['a'], '{"a":" x "}', 'x'],
  [['a', 'b'], '{"a":{"b":"x"}}', 'x'],
])('the batch key by %j of %s is "%s"', (groupBy, input, key) => {
  expect(batchKey({ maxSize: 1, ...(groupBy ? { groupBy } : {}) }, input)).toEqual({ batchKey: key });
});

test.each([
  [['a'], '{"a":1}', '(input.a): expected string output for batch key, got int'],
  [['a', 'b'], '{"a":{"b":[1]}}', '(input.a.b): expected string output for batch key, got unknown type'],
  [['a'], '{"a":null}', '(input.a): expected string output for batch key, got unknown type'],
  [['a', 'b'], '{"a":"text"}', '(input.a.b): no such key: b'],
  [['a'], '{}', '(input.a): no such key: a'],
  [['a'], 'null', '(input.a): no such key: a'],
])('the batch key by %j of %s is an error: %s', (groupBy, input, error) => {
  expect(batchKey({ maxSize: 1, groupBy }, input)).toEqual({
    batchKey: '',
    batchKeyError: `failed to parse batch group key expression ${error}`,
  });
});

const parent = (additionalMetadata: Record<string, unknown>) => ({ runId: 'run', taskId: 'task', additionalMetadata });
const IDS = { hatchet__parent_workflow_run_id: 'run', hatchet__parent_step_run_id: 'task' };

test('a child’s metadata overrides its parent’s, without the engine’s own keys', () => {
  const inherited = parent({ a: 1, b: 1, hatchet__event_id: 'e', hatchet__parent_step_run_id: 'grandparent' });
  expect(childMetadata({ b: 2 }, inherited)).toEqual({ a: 1, b: 2, ...IDS });
});

test('a child without a context inherits its parent’s completely', () => {
  const inherited = parent({ traceparent: 'p', tracestate: 's' });
  expect(childMetadata({}, inherited)).toEqual({ traceparent: 'p', tracestate: 's', ...IDS });
});

test('a child with a context does not inherit its parent’s tracestate', () => {
  const inherited = parent({ traceparent: 'p', tracestate: 's' });
  expect(childMetadata({ traceparent: 'own' }, inherited)).toEqual({ traceparent: 'own', ...IDS });
});

test('a child that only links to its creation does not inherit its parent’s context', () => {
  const inherited = parent({ a: 1, traceparent: 'p', tracestate: 's' });
  const linked = {
    hatchet__trace_relation: 'link',
    hatchet__link_traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  expect(childMetadata(linked, inherited)).toEqual({ a: 1, ...linked, ...IDS });
});

test('a run of an event has the event’s source and id', () => {
  const own = { a: 1, hatchet__source_workflow_run_id: 'r', hatchet__source_step_run_id: 't', hatchet__other: 'x' };
  expect(eventRunMetadata(own, { id: 'e', key: 'k' })).toEqual({
    a: 1,
    hatchet__source_workflow_run_id: 'r',
    hatchet__source_step_run_id: 't',
    hatchet__event_id: 'e',
    hatchet__event_key: 'k',
  });
});

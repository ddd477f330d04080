import { expect, test } from 'vitest';
import { parseTraceparent } from './carrier.ts';
import { linksTo, placement, type RelationOption } from './relation.ts';

const PRODUCER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const FIRING = '00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01';
const producer = parseTraceparent(PRODUCER);
const firing = parseTraceparent(FIRING);
const action = { actionId: 'order:charge', workflowName: 'order', taskName: 'charge' };
const place = (option: RelationOption, metadata: Record<string, unknown>) => placement(option, action, metadata);

test('a task is a child of the context in which its run was created, and links to it', () => {
  expect(place('auto', { traceparent: PRODUCER })).toEqual({ parent: producer, creation: producer });
});

test('without a context it starts a trace', () => {
  expect(place('parent', {})).toEqual({});
  expect(place('link', { traceparent: 'not one' })).toEqual({});
});

test('the relation link starts a trace too, with a link to the creation', () => {
  expect(place('link', { traceparent: PRODUCER })).toEqual({ creation: producer });
  expect(place('auto', { traceparent: PRODUCER, hatchet__trace_relation: 'link' })).toEqual({ creation: producer });
});

test('the call takes precedence over the constant, and a deciding function over the call', () => {
  const asked = { traceparent: PRODUCER, hatchet__trace_relation: 'parent' };
  expect(place('link', asked).parent).toEqual(producer);
  expect(place(() => 'link', asked).parent).toBeUndefined();
  expect(place(() => 'auto', { ...asked, hatchet__trace_relation: 'link' }).parent).toBeUndefined();
});

test('a function gets the task and the metadata', () => {
  const seen: unknown[] = [];
  place(
    (related) => {
      seen.push(related);
      return 'auto';
    },
    { traceparent: PRODUCER, team: 'a' },
  );
  expect(seen).toEqual([{ ...action, metadata: { traceparent: PRODUCER, team: 'a' } }]);
});

test('a function that throws has no effect', () => {
  const broken = () => {
    throw new Error('mine');
  };
  expect(place(broken, { traceparent: PRODUCER }).parent).toEqual(producer);
});

test('an unknown relation is ignored', () => {
  expect(place('auto', { traceparent: PRODUCER, hatchet__trace_relation: 'sibling' }).parent).toEqual(producer);
});

test('a firing with a context of its own joins it and links to the creation of the cron', () => {
  const metadata = { traceparent: FIRING, hatchet__link_traceparent: PRODUCER, hatchet__trace_relation: 'link' };
  expect(place('auto', metadata)).toEqual({ parent: firing, creation: producer });
});

test('a task that received no context but a link starts a trace, with a link to the creation', () => {
  const metadata = { hatchet__link_traceparent: PRODUCER, hatchet__trace_relation: 'link' };
  for (const option of ['auto', 'parent', () => 'parent' as const] as const) {
    expect(place(option, metadata)).toEqual({ creation: producer });
  }
});

test('each context is linked once', () => {
  expect(linksTo(undefined, [producer, undefined, firing, { ...producer! }])).toEqual([
    { context: producer },
    { context: firing },
  ]);
});

test('a link to the parent is marked, so that Jaeger shows a child', () => {
  expect(linksTo({ ...producer! }, [producer, firing])).toEqual([
    { context: producer, attributes: { 'opentracing.ref_type': 'child_of' } },
    { context: firing },
  ]);
});

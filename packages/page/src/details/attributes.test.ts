import { expect, test } from 'vitest';
import { attributeGroups, namesRun } from './attributes.tsx';

test('groups attributes by topic', () => {
  const attributes = {
    'server.port': 1,
    'hatchet.step_name': 2,
    'hatchet.run/tenant.id': 3,
    'db.system.name': 4,
    'rpc.method': 5,
    'messaging.system': 6,
    'hatchet.action_name': 7,
    'http.route': 8,
    hatchetry: 9,
  };
  const groups = attributeGroups(attributes).map(({ name, entries }) => [name, ...entries.map(([, value]) => value)]);
  expect(groups).toEqual([
    ['Hatchet', 7, 3, 2],
    ['Messaging', 6],
    ['Database', 4],
    ['RPC', 5],
    ['HTTP', 8],
    ['Other', 9, 1],
  ]);
});

test('recognizes ids of runs, and no other ids', () => {
  const id = '01a1fc65-1d43-786e-8ed1-a66582a560ab';
  expect(namesRun('hatchet.child_workflow_run_id', id)).toBe(true);
  expect(namesRun('hatchet.run/workflow_run.id', id)).toBe(true);
  expect(namesRun('hatchet.step_run_id', id)).toBe(false);
  expect(namesRun('messaging.message.id', id)).toBe(false); // may be the id of an event
  expect(namesRun('hatchet.workflow_run_id', `${id}/../x`)).toBe(false);
});

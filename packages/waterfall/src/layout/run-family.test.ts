import { expect, test } from 'vitest';
import { span } from '../testing/spans.ts';
import { spansOfRun } from './run-family.ts';

const ofRun = (run: string, parent?: string) => ({
  attributes: {
    'hatchet.workflow_run_id': run,
    ...(parent && { 'hatchet.parent_workflow_run_id': parent }),
  },
});
const spans = [
  span('a', undefined, 'POST /orders'),
  span('b', 'a', 'run one', [0, 1], ofRun('one')),
  span('c', 'b', 'work of one'),
  span('d', 'c', 'child of one', [0, 1], ofRun('child', 'one')),
  span('x', 'c', 'run of an event of one', [0, 1], ofRun('event')),
  span('e', 'a', 'run two', [0, 1], ofRun('two')),
  span('f', 'e', 'work of two'),
];
const names = (run: string): string[] => spansOfRun(spans, run).map(({ name }) => name);

test('keeps a run, its descendants, and what belongs to no run', () => {
  expect(names('one')).toEqual(['POST /orders', 'run one', 'work of one', 'child of one', 'run of an event of one']);
  expect(names('two')).toEqual(['POST /orders', 'run two', 'work of two']);
  expect(names('child')).toEqual(['POST /orders', 'child of one']);
});

test('returns the same spans if they are all of one family', () => {
  const one = spans.slice(0, 5);
  expect(spansOfRun(one, 'one')).toBe(one);
});

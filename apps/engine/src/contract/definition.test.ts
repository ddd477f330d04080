import { type CreateTaskOpts, CreateWorkflowVersionRequest } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { describe, expect, test } from 'vitest';
import { workflowDefinition } from './definition.ts';

type Request = Parameters<typeof CreateWorkflowVersionRequest.fromPartial>[0];
const task = (readableId: string, more: object = {}) => ({ readableId, action: `wf:${readableId}`, ...more });
const read = (request: Request) =>
  workflowDefinition(CreateWorkflowVersionRequest.fromPartial({ name: 'wf', tasks: [task('a')], ...request }));

test('a registration is read into steps with parent positions and Hatchet’s defaults', () => {
  const definition = read({
    eventTriggers: ['b', 'a', 'b'],
    tasks: [
      task('Late', { parents: ['early'], retries: 2, backoffFactor: 2, timeout: '1m' }),
      task('early', { action: 'WF:Early', slotRequests: { gpu: 2 } }),
    ] as CreateTaskOpts[],
    onFailureTask: task('oops') as CreateTaskOpts,
  });
  expect(definition).toMatchObject({ defaultPriority: 1, eventKeys: ['a', 'b'] });
  expect(definition.steps).toMatchObject([
    {
      name: 'Late',
      parents: [1],
      retries: 2,
      backoff: { factor: 2, maxSeconds: 86_400 },
      timeout: { ms: 60_000, text: '1m' },
      scheduleTimeout: { ms: 300_000 },
      slots: { default: 1 },
    },
    { name: 'early', action: 'wf:early', parents: [], timeout: { ms: 60_000, text: '60s' }, slots: { gpu: 2 } },
    { name: 'oops', kind: 'on-failure', parents: [] },
  ]);
});

describe('a workflow is rejected by the name of its unsupported feature:', () => {
  const conditions = { sleepConditions: [{ base: { readableDataKey: 'k' }, sleepFor: '5s' }] };
  const cases: [string, Request][] = [
    ['concurrency', { concurrencyArr: [{ expression: 'input.x' }] }],
    ['concurrency', { concurrency: { expression: 'input.x' } }],
    ['concurrency', { tasks: [task('a', { concurrency: [{ expression: 'input.x' }] })] }],
    ['sticky assignment', { sticky: 0 }],
    ['default filters', { defaultFilters: [{ expression: 'true', scope: 's' }] }],
    ['idempotency by a CEL expression', { idempotency: { expression: 'input.x + "-"', ttlMs: 1 } }],
    ['a wildcard other than one *', { eventTriggers: ['order:*:paid'] }],
    ['groupMaxRuns', { tasks: [task('a', { batch: { batchMaxSize: 2, batchGroupMaxRuns: 1 } })] }],
    ['CEL expression', { tasks: [task('a', { batch: { batchMaxSize: 2, batchGroupKey: 'size(input)' } })] }],
    ['rate limits', { tasks: [task('a', { rateLimits: [{ key: 'k' }] })] }],
    ['task conditions', { tasks: [task('a', { conditions })] }],
    ['rate limits', { onFailureTask: task('oops', { rateLimits: [{ key: 'k' }] }) }],
  ];
  test.each(cases)('%s', (feature, request) => {
    expect(() => read(request)).toThrow(feature);
    expect(() => read(request)).toThrow("not supported by this engine; Hatchet's own engine has it");
  });

  test('empty conditions, which Python’s SDK always sends, mean none', () => {
    expect(read({ tasks: [task('a', { conditions: {} })] }).steps).toHaveLength(1);
  });
});

test.each<[string, Request, string]>([
  ['no name', { name: '' }, 'must have a name'],
  ['no task', { tasks: [] }, 'at least one task'],
  ['an unknown parent', { tasks: [task('a', { parents: ['b'] })] }, 'task a has the parent b'],
  ['two tasks of the same name', { tasks: [task('a'), task('a')] }, 'are named a'],
  [
    'a cycle',
    { tasks: [task('a', { parents: ['b'] }), task('b', { parents: ['a'] })] },
    'tasks have each other as parents: a, b',
  ],
  ['a malformed timeout', { tasks: [task('a', { timeout: 'long' })] }, '"long" is not a duration'],
  ['a priority beyond 3', { defaultPriority: 4 }, 'defaultPriority must be 1'],
])('a workflow with %s is rejected', (_, request, reason) => {
  expect(() => read(request)).toThrow(reason);
});

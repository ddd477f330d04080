import type { RunResult, TaskResult } from '@hatchet-ts/storage/runs';
import { describe, expect, test } from 'vitest';
import { childAnswer, satisfiedWaits } from './answers.ts';

describe('a wait', () => {
  const condition = (orGroup: string, dataKey: string, data: string | null = null, nodeId = 1) => ({
    taskId: 'task',
    nodeId,
    orGroup,
    dataKey,
    data,
  });

  test('is satisfied once each of its groups has a fulfilled condition', () => {
    const left = [condition('1', 'a', '{"n":1}'), condition('1', 'b')];
    expect(satisfiedWaits([...left, condition('2', 'c')])).toEqual([]);
    expect(satisfiedWaits([...left, condition('2', 'c', '{}')])).toEqual([
      { taskId: 'task', nodeId: 1, payload: '{"CREATE":{"a":[{"n":1}],"c":[{}]}}' },
    ]);
  });

  test('lists all data of the same key, and ignores other waits', () => {
    const conditions = [condition('1', '"k"', '1'), condition('2', '"k"', '2'), condition('1', 'x', null, 2)];
    expect(satisfiedWaits(conditions)).toEqual([
      { taskId: 'task', nodeId: 1, payload: '{"CREATE":{"\\"k\\"":[1,2]}}' },
    ]);
  });
});

describe('the answer of a child', () => {
  const task = (name: string, more: Partial<TaskResult>): TaskResult => ({
    id: name,
    name,
    status: 'COMPLETED',
    output: null,
    error: null,
    ...more,
  });
  const run = (status: RunResult['status'], ...tasks: TaskResult[]) => ({ status, tasks }) as RunResult;

  test.each<[string, RunResult, ReturnType<typeof childAnswer>]>([
    ['of one task is its output', run('COMPLETED', task('a', { output: '[1]' })), { payload: '[1]' }],
    [
      'of a DAG has the outputs of all its tasks',
      run('COMPLETED', task('a', { output: '1' }), task('b', { output: '2' }), task('c', { status: 'SKIPPED' })),
      { payload: '{"a":1,"b":2,"c":{}}' },
    ],
    [
      'that failed is its message',
      run(
        'FAILED',
        task('a', { status: 'FAILED', error: '{"message":"no paper"}' }),
        task('b', { status: 'CANCELLED' }),
      ),
      { error: 'no paper' },
    ],
    [
      'that was cancelled says so',
      run('CANCELLED', task('a', { status: 'CANCELLED' })),
      { error: 'task was cancelled' },
    ],
  ])('%s', (_, result, answer) => {
    expect(childAnswer(result)).toEqual(answer);
  });
});

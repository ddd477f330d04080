import { AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import type { Assignment } from '@hatchet-ts/storage/runs';
import type { Step } from '@hatchet-ts/storage/workflows';
import { expect, test } from 'vitest';
import { cancelAction, startAction } from './assigned-action.ts';

const STEPS = [
  { id: 's0', name: 'First', parents: [], kind: 'task' },
  { id: 's1', name: 'other', parents: [], kind: 'task' },
  { id: 's2', name: 'Last', parents: [0, 1], kind: 'task' },
  { id: 's3', name: 'oops', parents: [], kind: 'on-failure' },
] as unknown as Step[];

function assignment(step: number, others: Assignment['others'], run: Partial<Assignment['run']> = {}): Assignment {
  return {
    task: {
      id: 't',
      runId: 'r',
      tenantId: 'tenant',
      step,
      name: STEPS[step]!.name,
      action: 'wf:last',
      retryCount: 2,
      createdAt: 1_000,
    },
    run: {
      workflowId: 'w',
      versionId: 'v',
      priority: 3,
      parentRunId: null,
      childIndex: null,
      childKey: null,
      eventId: null,
      eventKey: null,
      ...run,
    },
    input: '{"a":1}',
    additionalMetadata: { traceparent: 'tp' },
    others,
  } as unknown as Assignment;
}

test('a start has the fields that the SDK reads', () => {
  const action = startAction(
    assignment(2, { First: { output: '{"x":1}', error: null }, other: { output: '7', error: 'an earlier attempt' } }),
    STEPS,
  );
  expect(action).toMatchObject({
    tenantId: 'tenant',
    workflowRunId: 'r',
    getGroupKeyRunId: '',
    taskRunExternalId: 't',
    jobRunId: 't',
    taskId: 's2',
    taskName: 'Last',
    actionId: 'wf:last',
    actionType: 0,
    retryCount: 2,
    priority: 3,
    additionalMetadata: '{"traceparent":"tp"}',
  });
  expect(JSON.parse(action.actionPayload)).toEqual({
    input: { a: 1 },
    triggered_by: 'manual',
    // An output that is not an object would make the SDK's parentOutput throw.
    parents: { First: { x: 1 }, other: {} },
    triggers: { filter_payload: null },
    user_data: null,
    overrides: null,
    step_run_errors: {},
  });
  // If set, it would change the SDK's key of the attempt.
  expect(action.durableTaskInvocationCount).toBeUndefined();
});

test('a child names its parent, and a run of an event its event', () => {
  const run = { parentRunId: 'p', childIndex: 0, childKey: 'k', eventId: 'e', eventKey: 'order:created' };
  expect(startAction(assignment(0, null, run), STEPS)).toMatchObject({
    parentWorkflowRunId: 'p',
    childWorkflowIndex: 0,
    childWorkflowKey: 'k',
    triggeringEventExternalId: 'e',
    triggeringEventKey: 'order:created',
  });
});

test('an on-failure task receives the errors of the failed tasks as reported', () => {
  const others = {
    First: { output: null, error: '{"message":"m"}' },
    other: { output: '1', error: 'an earlier attempt' },
  };
  const { actionPayload } = startAction(assignment(3, others), STEPS);
  expect(JSON.parse(actionPayload).step_run_errors).toEqual({ First: '{"message":"m"}' });
});

test('a cancellation identifies the attempt like its start, and carries the reason of a timeout', () => {
  const { task } = assignment(2, null);
  const start = startAction(assignment(2, null), STEPS);
  const cancel = cancelAction(task, 'cancelled', STEPS);
  const { taskRunExternalId, retryCount, actionId, taskName } = start;
  expect(cancel).toMatchObject({ actionType: 1, taskRunExternalId, retryCount, actionId, taskName, actionPayload: '' });
  expect(cancelAction(task, 'timed_out', STEPS).actionPayload).toBe('{"reason":"timed_out"}');
});

test('every action can be encoded', () => {
  const bytes = AssignedAction.encode(startAction(assignment(2, null), STEPS)).finish();
  expect(AssignedAction.decode(bytes)).toMatchObject({ taskRunExternalId: 't' });
});

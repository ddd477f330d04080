import {
  BulkTriggerIdempotencyCollisionError,
  IdempotencyCollisionError,
} from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { expect, test } from 'vitest';
import * as texts from './hatchet-texts.ts';

test('texts that SDKs read or compare are Hatchet’s to the letter', () => {
  const { timeoutError, workflowsNotFound, batchKeyError, nonDeterminism, ...constants } = texts;
  expect({
    ...constants,
    timeoutError: timeoutError('60s'),
    workflowsNotFound: workflowsNotFound(['a', 'b']),
    batchKeyError: batchKeyError('input.a', 'no such key: a'),
    nonDeterminism: nonDeterminism({ taskId: 't', nodeId: 2, branchId: 1 }, { expected: 'a', received: 'b' }),
  }).toEqual({
    ENGINE_VERSION: 'v0.90.0',
    CANCELLED_ERROR: 'task was cancelled',
    SKIPPED_OUTPUT: '{"skipped":true}',
    IDEMPOTENCY_COLLISION: 'idempotency key collision',
    TIMED_OUT_PAYLOAD: '{"reason":"timed_out"}',
    STATUS_DETAILS_TRAILER: 'grpc-status-details-bin',
    COLLISION_TYPE_URL: 'type.googleapis.com/v1.IdempotencyCollisionError',
    BULK_COLLISION_TYPE_URL: 'type.googleapis.com/v1.BulkTriggerIdempotencyCollisionError',
    timeoutError: 'Task exceeded timeout of 60s',
    workflowsNotFound: 'workflow names not found: a, b',
    batchKeyError: 'failed to parse batch group key expression (input.a): no such key: a',
    nonDeterminism: 'non-determinism error in task t at node 2:1\n  expected: a\n  received: b',
  });
  // Messages of these names exist in the SDK's definitions.
  expect([IdempotencyCollisionError, BulkTriggerIdempotencyCollisionError].every(({ encode }) => encode)).toBe(true);
});

import {
  BulkTriggerIdempotencyCollisionError,
  IdempotencyCollisionError,
} from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { expect, test } from 'vitest';
import * as texts from './hatchet-texts.ts';

test('texts that SDKs read or compare are Hatchet’s to the letter', () => {
  const { timeoutError, workflowsNotFound, ...constants } = texts;
  expect({
    ...constants,
    timeoutError: timeoutError('60s'),
    workflowsNotFound: workflowsNotFound(['a', 'b']),
  }).toEqual({
    ENGINE_VERSION: 'v0.90.0',
    CANCELLED_ERROR: 'task was cancelled',
    TIMED_OUT_PAYLOAD: '{"reason":"timed_out"}',
    STATUS_DETAILS_TRAILER: 'grpc-status-details-bin',
    COLLISION_TYPE_URL: 'type.googleapis.com/v1.IdempotencyCollisionError',
    BULK_COLLISION_TYPE_URL: 'type.googleapis.com/v1.BulkTriggerIdempotencyCollisionError',
    timeoutError: 'Task exceeded timeout of 60s',
    workflowsNotFound: 'workflow names not found: a, b',
  });
  // Messages of these names exist in the SDK's definitions.
  expect([IdempotencyCollisionError, BulkTriggerIdempotencyCollisionError].every(({ encode }) => encode)).toBe(true);
});

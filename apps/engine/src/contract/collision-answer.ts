import { Status as StatusDetails } from '@hatchet-dev/typescript-sdk/protoc/google/rpc/status.js';
import {
  BulkTriggerIdempotencyCollisionError,
  IdempotencyCollisionError,
} from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { type CallContext, ServerError, Status } from 'nice-grpc';
import type { IdempotencyCollision } from '../runs/idempotency.ts';

/** Where clients of gRPC look for what a status means in detail. */
const DETAILS = 'grpc-status-details-bin';

/** ALREADY_EXISTS, with what the SDKs make their own error of in the trailer. */
export function collisionAnswer(
  { message, collisions, created }: IdempotencyCollision,
  call: CallContext,
): ServerError {
  const errors = collisions.map(({ runId, existingRunId }) =>
    IdempotencyCollisionError.fromPartial({ existingRunExternalId: existingRunId, collidingRunExternalId: runId }),
  );
  const detail =
    created === undefined
      ? detailOf('IdempotencyCollisionError', IdempotencyCollisionError.encode(errors[0]!).finish())
      : detailOf(
          'BulkTriggerIdempotencyCollisionError',
          BulkTriggerIdempotencyCollisionError.encode({
            successfulWorkflowRunExternalIds: [...created],
            collisions: errors,
          }).finish(),
        );
  const status = StatusDetails.fromPartial({ code: Status.ALREADY_EXISTS, message, details: [detail] });
  call.trailer.set(DETAILS, Buffer.from(StatusDetails.encode(status).finish()));
  return new ServerError(Status.ALREADY_EXISTS, message);
}

function detailOf(name: string, value: Uint8Array): { typeUrl: string; value: Uint8Array } {
  return { typeUrl: `type.googleapis.com/v1.${name}`, value };
}

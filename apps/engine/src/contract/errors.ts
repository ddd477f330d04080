import { Status as StatusDetails } from '@hatchet-dev/typescript-sdk/protoc/google/rpc/status.js';
import {
  BulkTriggerIdempotencyCollisionError,
  IdempotencyCollisionError,
} from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { type CallContext, ServerError, type ServerMiddleware, Status } from 'nice-grpc';
import { BULK_COLLISION_TYPE_URL, COLLISION_TYPE_URL, STATUS_DETAILS_TRAILER } from '../messages/hatchet-texts.ts';
import { Refusal, type RefusalReason } from '../refusal.ts';
import { IdempotencyCollision } from '../runs/idempotency.ts';

const CODES: Record<RefusalReason, Status> = {
  invalid: Status.INVALID_ARGUMENT,
  unsupported: Status.UNIMPLEMENTED,
  'not-found': Status.NOT_FOUND,
  'too-large': Status.RESOURCE_EXHAUSTED,
};

/** Detail of errors whose cause only the engine's log shows. */
export const INTERNAL_ERROR = 'internal error; see the engine log';

/** Maps errors to gRPC statuses. Refusals keep their text; other errors are logged, and their text is not sent. */
export function errorStatuses(onError: (error: unknown, path: string) => void): ServerMiddleware {
  return async function* mapErrors(call, context: CallContext) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      if (error instanceof ServerError || isAbort(error) || context.signal.aborted) throw error;
      if (error instanceof IdempotencyCollision) throw collisionStatus(error, context);
      if (error instanceof Refusal) throw new ServerError(CODES[error.reason], error.message);
      onError(error, call.method.path);
      throw new ServerError(Status.INTERNAL, INTERNAL_ERROR);
    }
  };
}

/** ALREADY_EXISTS, with the details in the trailer from which SDKs make errors of their own. */
function collisionStatus({ message, collisions, created }: IdempotencyCollision, call: CallContext): ServerError {
  const errors = collisions.map(({ runId, existingRunId }) =>
    IdempotencyCollisionError.fromPartial({ existingRunExternalId: existingRunId, collidingRunExternalId: runId }),
  );
  const detail =
    created === undefined
      ? { typeUrl: COLLISION_TYPE_URL, value: IdempotencyCollisionError.encode(errors[0]!).finish() }
      : {
          typeUrl: BULK_COLLISION_TYPE_URL,
          value: BulkTriggerIdempotencyCollisionError.encode({
            successfulWorkflowRunExternalIds: [...created],
            collisions: errors,
          }).finish(),
        };
  const status = StatusDetails.fromPartial({ code: Status.ALREADY_EXISTS, message, details: [detail] });
  call.trailer.set(STATUS_DETAILS_TRAILER, Buffer.from(StatusDetails.encode(status).finish()));
  return new ServerError(Status.ALREADY_EXISTS, message);
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

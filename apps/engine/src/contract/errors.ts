import { type CallContext, ServerError, type ServerMiddleware, Status } from 'nice-grpc';
import { Refusal, type RefusalReason } from '../refusal.ts';
import { IdempotencyCollision } from '../runs/idempotency.ts';
import { collisionAnswer } from './collision-answer.ts';

const CODES: Record<RefusalReason, Status> = {
  invalid: Status.INVALID_ARGUMENT,
  unsupported: Status.UNIMPLEMENTED,
  'not-found': Status.NOT_FOUND,
  'too-large': Status.RESOURCE_EXHAUSTED,
};

/** Answers refusals by their code and text; an error of the engine's own goes to the log, and its text to nobody. */
export function errorAnswers(onError: (error: unknown, path: string) => void): ServerMiddleware {
  return async function* answerErrors(call, context: CallContext) {
    try {
      return yield* call.next(call.request, context);
    } catch (error) {
      if (error instanceof ServerError || isAbort(error) || context.signal.aborted) throw error;
      if (error instanceof IdempotencyCollision) throw collisionAnswer(error, context);
      if (error instanceof Refusal) throw new ServerError(CODES[error.reason], error.message);
      onError(error, call.method.path);
      throw new ServerError(Status.INTERNAL, 'the engine failed to carry this out; its log says why');
    }
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}

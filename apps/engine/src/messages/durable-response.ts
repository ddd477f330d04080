import {
  type DurableEventLogEntryRef,
  DurableTaskErrorType,
  DurableTaskResponse,
} from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import type { Delivery } from '@hatchet-ts/storage/durable';

/** Invocation as a worker identifies it. */
export interface InvocationRef {
  taskId: string;
  invocation: number;
}

/** Branch of a log; the engine keeps one, and the SDK only returns the value. */
export const BRANCH = 1;

export function entryRef({ taskId, invocation }: InvocationRef, nodeId: number): DurableEventLogEntryRef {
  return { durableTaskExternalId: taskId, invocationCount: invocation, branchId: BRANCH, nodeId };
}

/** Result of a log entry. */
export function answerMessage(answer: Delivery): DurableTaskResponse {
  const { nodeId, payload, error } = answer;
  return DurableTaskResponse.fromPartial({
    entryCompleted: {
      ref: entryRef(answer, nodeId),
      payload: Buffer.from(payload ?? ''),
      isFailure: error !== null,
      ...(error === null ? {} : { errorMessage: error }),
    },
  });
}

/** Ends an invocation on its worker, which reports nothing back. */
export function serverEvictMessage({ taskId, invocation }: InvocationRef): DurableTaskResponse {
  return DurableTaskResponse.fromPartial({
    serverEvict: { durableTaskExternalId: taskId, invocationCount: invocation, reason: STALE_INVOCATION },
  });
}

const STALE_INVOCATION = 'this invocation is no longer current';

/** Rejects a request; the task's call throws the message. */
export function errorMessageOf(ref: InvocationRef, message: string, nonDeterminismAt?: number): DurableTaskResponse {
  return DurableTaskResponse.fromPartial({
    error: {
      ref: entryRef(ref, nonDeterminismAt ?? 0),
      errorType:
        nonDeterminismAt === undefined
          ? DurableTaskErrorType.DURABLE_TASK_ERROR_TYPE_UNSPECIFIED
          : DurableTaskErrorType.DURABLE_TASK_ERROR_TYPE_NONDETERMINISM,
      errorMessage: message,
    },
  });
}

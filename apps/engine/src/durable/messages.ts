import {
  type DurableEventLogEntryRef,
  DurableTaskErrorType,
  DurableTaskResponse,
} from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import type { Delivery } from '@hatchet-ts/storage/durable';

/** Which invocation, as a worker names it. */
export interface InvocationRef {
  taskId: string;
  invocation: number;
}

/** The SDK only hands it back: this engine keeps one branch of a log. */
export const BRANCH = 1;

export function entryRef({ taskId, invocation }: InvocationRef, nodeId: number): DurableEventLogEntryRef {
  return { durableTaskExternalId: taskId, invocationCount: invocation, branchId: BRANCH, nodeId };
}

/** What a node of the log resolves to. */
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

/** The invocation is over: its worker is to end it without a word. */
export function serverEvictMessage({ taskId, invocation }: InvocationRef): DurableTaskResponse {
  const reason = 'the engine knows this invocation no longer';
  return DurableTaskResponse.fromPartial({
    serverEvict: { durableTaskExternalId: taskId, invocationCount: invocation, reason },
  });
}

/** A request that was turned down: the task's call throws this. */
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

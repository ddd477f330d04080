import {
  type DurableTaskCompleteMemoRequest,
  type DurableTaskMemoRequest,
  type DurableTaskRequest,
  DurableTaskResponse,
  type DurableTaskTriggerRunsRequest,
  type DurableTaskWaitForRequest,
} from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import type { RunSpanName } from '@hatchet-ts/server-otel';
import { context, trace } from '@opentelemetry/api';
import type { Durable } from '../durable/durable.ts';
import type { DurableStream, Invocation } from '../durable/invocations.ts';
import type { InvocationRef } from '../messages/durable-response.ts';
import { BRANCH, entryRef, serverEvictMessage } from '../messages/durable-response.ts';
import { assertAtMost, MOST_ITEMS } from '../messages/limits.ts';
import { mapItems } from '../refusal.ts';
import { waitConditions } from './durable-conditions.ts';
import { storableText, uuidField } from './fields.ts';
import { runRequest } from './workflows.ts';

/** Stream and invocation of a request. */
interface Call {
  durable: Durable;
  stream: DurableStream;
  invocation: Invocation;
}

/** Request of an invocation. */
export interface TaskRequest {
  ref: InvocationRef;
  span: RunSpanName;
  handle(call: Call): Promise<void>;
  /** Response to an invocation that is no longer current. */
  staleResponse(ref: InvocationRef): DurableTaskResponse;
}

/** Reads a request; undefined if it is not one of an invocation. */
export function taskRequest(request: DurableTaskRequest): TaskRequest | undefined {
  const { waitFor, memo, completeMemo, triggerRuns, evictInvocation } = request;
  if (waitFor) return requestOf(waitFor, 'handle-durable-wait', (call) => wait(call, waitFor));
  if (memo) return requestOf(memo, 'handle-durable-memo', (call) => recall(call, memo));
  if (completeMemo) {
    return requestOf(completeMemo.ref, 'handle-durable-memo', (call) => remember(call, completeMemo));
  }
  if (triggerRuns) return requestOf(triggerRuns, 'handle-durable-children', (call) => spawn(call, triggerRuns));
  // The worker waits for the acknowledgement before it ends the invocation.
  if (evictInvocation) return requestOf(evictInvocation, 'handle-durable-eviction', evict, evictionAck);
  return undefined;
}

function requestOf(
  named: Parameters<typeof invocationRef>[0],
  span: RunSpanName,
  handle: TaskRequest['handle'],
  staleResponse: TaskRequest['staleResponse'] = serverEvictMessage,
): TaskRequest {
  return { ref: invocationRef(named), span, handle, staleResponse };
}

/** Reads the reference to an invocation. @throws Refusal */
export function invocationRef(
  named: { durableTaskExternalId: string; invocationCount: number } | undefined,
): InvocationRef {
  const taskId = uuidField(named?.durableTaskExternalId ?? '', 'durableTaskExternalId');
  return { taskId, invocation: named?.invocationCount ?? 0 };
}

async function wait(call: Call, { waitForConditions }: DurableTaskWaitForRequest): Promise<void> {
  const { durable, invocation } = call;
  const { nodeId, looksBack } = await durable.log.wait(invocation, waitConditions(waitForConditions));
  acknowledge(call, { waitForAck: { ref: entryRef(invocation.task, nodeId) } });
  if (looksBack) durable.lookBack(invocation.task.taskId, nodeId);
}

async function recall(call: Call, { key }: DurableTaskMemoRequest): Promise<void> {
  const { durable, invocation } = call;
  const { nodeId, remembered } = await durable.log.memo(invocation, key);
  acknowledge(call, {
    memoAck: {
      ref: entryRef(invocation.task, nodeId),
      memoAlreadyExisted: remembered !== null,
      ...(remembered === null ? {} : { memoResultPayload: Buffer.from(remembered) }),
    },
  });
}

async function remember({ durable, invocation }: Call, message: DurableTaskCompleteMemoRequest): Promise<void> {
  const payload = storableText(new TextDecoder().decode(message.payload));
  await durable.remember(invocation, message.ref?.nodeId ?? 0, payload);
}

async function spawn(call: Call, { triggerOpts }: DurableTaskTriggerRunsRequest): Promise<void> {
  const { durable, invocation } = call;
  assertAtMost(triggerOpts, MOST_ITEMS, 'runs');
  const { taskId, invocation: invocationCount } = invocation.task;
  const requests = mapItems(triggerOpts, 'triggerOpts', (opts) =>
    runRequest({ ...opts, parentTaskRunExternalId: taskId }),
  );
  const active = trace.getSpanContext(context.active());
  const { firstNode, runIds } = await durable.log.spawn(invocation, requests, active);
  const runEntries = runIds.map((workflowRunExternalId, index) => ({
    nodeId: firstNode + index,
    branchId: BRANCH,
    workflowRunExternalId,
  }));
  acknowledge(call, { triggerRunsAck: { durableTaskExternalId: taskId, invocationCount, runEntries } });
}

async function evict({ durable, stream, invocation }: Call): Promise<void> {
  await durable.evict(invocation);
  stream.send(evictionAck(invocation.task));
}

/** Acknowledges a request; only then may the answers of its nodes follow. */
function acknowledge(
  { durable, stream, invocation }: Call,
  message: Parameters<typeof DurableTaskResponse.fromPartial>[0],
): void {
  stream.send(DurableTaskResponse.fromPartial(message));
  invocation.acknowledged = invocation.task.cursor;
  durable.invocations.deliver(invocation.task.taskId);
}

function evictionAck({ taskId, invocation }: InvocationRef): DurableTaskResponse {
  return DurableTaskResponse.fromPartial({
    evictionAck: { durableTaskExternalId: taskId, invocationCount: invocation },
  });
}

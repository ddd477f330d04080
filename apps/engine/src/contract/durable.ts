import {
  type DurableEvent,
  type DurableTaskAwaitedCompletedEntry,
  type DurableTaskRequest,
  DurableTaskResponse,
  type ListenForDurableEventRequest,
  V1DispatcherDefinition,
  type V1DispatcherServiceImplementation,
} from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { messageSpan, runSpan } from '@hatchet-ts/server-otel';
import { type CallContext, ServerError, Status } from 'nice-grpc';
import type { Durable } from '../durable/durable.ts';
import type { DurableStream } from '../durable/invocations.ts';
import { NonDeterminism, StaleInvocation } from '../durable/log.ts';
import type { InvocationRef } from '../messages/durable-response.ts';
import { errorMessageOf, serverEvictMessage } from '../messages/durable-response.ts';
import { Refusal } from '../refusal.ts';
import { runSpanContext } from '../runs/context.ts';
import type { Workers } from '../scheduling/workers.ts';
import type { Authorized } from './authorization.ts';
import { invocationRef, type TaskRequest, taskRequest } from './durable-requests.ts';
import { INTERNAL_ERROR } from './errors.ts';
import { uuidField } from './fields.ts';
import { Outbox } from './outbox.ts';
import { markUnimplemented, unimplemented } from './unimplemented.ts';

export interface DurableServiceDeps {
  workers: Workers;
  durable: Durable;
  /** Ends open streams when the engine stops. */
  stopping: AbortSignal;
  onError(error: unknown, path: string): void;
}

const PATH = `/${V1DispatcherDefinition.fullName}/${V1DispatcherDefinition.methods.durableTask.name}`;

/** `v1.V1Dispatcher`: one stream for all durable tasks of a worker; the older protocol is not supported. */
export function durableService(deps: DurableServiceDeps): V1DispatcherServiceImplementation<Authorized> {
  return {
    ...unimplemented<typeof V1DispatcherDefinition, Authorized>(V1DispatcherDefinition),
    durableTask: (requests, call) => durableTasks(deps, requests, call),
    listenForDurableEvent: markUnimplemented(
      (requests: AsyncIterable<ListenForDurableEventRequest>, call: CallContext & Authorized) =>
        durableEvents(deps, requests, call),
    ),
  };
}

/**
 * Stream of the older protocol. The Go SDK opens it for every worker, and reconnects without end if it is refused: it stays
 * open, and only a request on it is refused.
 */
async function* durableEvents(
  { stopping }: DurableServiceDeps,
  requests: AsyncIterable<ListenForDurableEventRequest>,
  { signal }: CallContext & Authorized,
): AsyncGenerator<DurableEvent> {
  const outbox = new Outbox<DurableEvent>();

  async function read(): Promise<void> {
    for await (const _ of requests) throw new ServerError(Status.UNIMPLEMENTED, OLDER_PROTOCOL);
  }

  read().catch((error: Error) => outbox.fail(error));
  yield* outbox.messages(signal, stopping);
}

const OLDER_PROTOCOL =
  'ListenForDurableEvent is not supported by this engine: use an SDK that runs durable tasks over DurableTask';

async function* durableTasks(
  deps: DurableServiceDeps,
  requests: AsyncIterable<DurableTaskRequest>,
  { tenantId, signal }: CallContext & Authorized,
): AsyncGenerator<DurableTaskResponse> {
  const outbox = new Outbox<DurableTaskResponse>();
  const stream = { tenantId, send: (message: DurableTaskResponse) => outbox.send(message) };
  /** Last request of each task: a task's requests are handled in order. */
  const turns = new Map<string, Promise<void>>();

  function inTurn(taskId: string, work: () => Promise<void>): void {
    const turn = (turns.get(taskId) ?? Promise.resolve()).then(work).finally(() => {
      if (turns.get(taskId) === turn) turns.delete(taskId);
    });
    turns.set(taskId, turn);
  }

  async function read(): Promise<void> {
    for await (const request of requests) {
      const { registerWorker, workerStatus } = request;
      if (registerWorker) await register(deps, stream, registerWorker.workerId);
      else if (workerStatus) await status(deps, stream, workerStatus.waitingEntries);
      else {
        const found = taskRequest(request);
        if (found) inTurn(found.ref.taskId, () => respond(deps, stream, found));
      }
    }
  }

  read().catch((error: Error) => outbox.fail(error));
  try {
    yield* outbox.messages(signal, deps.stopping);
  } finally {
    deps.durable.invocations.closed(stream);
  }
}

async function register({ workers }: DurableServiceDeps, { tenantId, send }: DurableStream, id: string): Promise<void> {
  const { id: workerId } = await workers.find(tenantId, uuidField(id, 'workerId'));
  send(DurableTaskResponse.fromPartial({ registerWorker: { workerId } }));
}

/** Handles a worker's status, sent every second while a task waits: no span if nothing has to be done. */
async function status(
  { durable: { invocations } }: DurableServiceDeps,
  stream: DurableStream,
  entries: readonly DurableTaskAwaitedCompletedEntry[],
): Promise<void> {
  const waiting = entries.map((entry) => ({ ...invocationRef(entry), nodeId: entry.nodeId }));
  const found = await invocations.attach(stream, waiting);
  const byTask = Map.groupBy(waiting, ({ taskId, invocation }) => `${taskId} ${invocation}`);
  const known = [...byTask.values()].flatMap((nodes) => {
    const [ref = { taskId: '', invocation: 0 }] = nodes;
    const invocation = found.get(ref.taskId);
    if (invocation?.task.invocation === ref.invocation) {
      return [{ invocation, nodeIds: nodes.map(({ nodeId }) => nodeId) }];
    }
    stream.send(serverEvictMessage(ref));
    return [];
  });
  await invocations.confirm(known);
}

/** Handles a request; an error fails the call in the task, with its message. */
async function respond(deps: DurableServiceDeps, stream: DurableStream, request: TaskRequest): Promise<void> {
  const { durable, onError } = deps;
  const { ref, span, handle, staleResponse } = request;
  try {
    const invocation = (await durable.invocations.attach(stream, [ref])).get(ref.taskId);
    const attributes = { 'workflow_run.id': invocation?.task.runId, 'step_run.id': ref.taskId };
    await messageSpan(PATH, { parent: invocation && runSpanContext(invocation.task) }, async () => {
      try {
        if (!invocation) throw new StaleInvocation();
        await runSpan(span, { attributes }, () => handle({ durable, stream, invocation }));
      } catch (error) {
        stream.send(errorResponse(error, ref, staleResponse));
      }
    });
  } catch (error) {
    onError(error, PATH);
    stream.send(errorMessageOf(ref, INTERNAL_ERROR));
  }
}

function errorResponse(
  error: unknown,
  ref: InvocationRef,
  staleResponse: TaskRequest['staleResponse'],
): DurableTaskResponse {
  if (error instanceof StaleInvocation) return staleResponse(ref);
  if (error instanceof NonDeterminism) return errorMessageOf(ref, error.message, error.nodeId);
  if (error instanceof Refusal) return errorMessageOf(ref, error.message);
  throw error;
}

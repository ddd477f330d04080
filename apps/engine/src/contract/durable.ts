import {
  type DurableTaskAwaitedCompletedEntry,
  type DurableTaskRequest,
  DurableTaskResponse,
  V1DispatcherDefinition,
  type V1DispatcherServiceImplementation,
} from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { messageSpan, runSpan } from '@hatchet-ts/server-otel';
import type { CallContext } from 'nice-grpc';
import type { Durable } from '../durable/durable.ts';
import type { DurableStream } from '../durable/invocations.ts';
import { NonDeterminism, StaleInvocation } from '../durable/log.ts';
import type { InvocationRef } from '../durable/messages.ts';
import { errorMessageOf, serverEvictMessage } from '../durable/messages.ts';
import { Refusal } from '../refusal.ts';
import { runSpanContext } from '../runs/context.ts';
import type { Workers } from '../scheduling/workers.ts';
import type { Authorised } from './authorisation.ts';
import { invocationRef, type TaskRequest, taskRequest } from './durable-requests.ts';
import { uuidField } from './fields.ts';
import { Outbox } from './outbox.ts';
import { unimplemented } from './unimplemented.ts';

export interface DurableServiceDeps {
  workers: Workers;
  durable: Durable;
  /** Ends open streams when the engine stops. */
  stopping: AbortSignal;
  onError(error: unknown, path: string): void;
}

const PATH = `/${V1DispatcherDefinition.fullName}/${V1DispatcherDefinition.methods.durableTask.name}`;

/** `v1.V1Dispatcher`: the durable tasks of a worker, all over one stream; the protocol before that is left out. */
export function durableService(deps: DurableServiceDeps): V1DispatcherServiceImplementation<Authorised> {
  return {
    ...unimplemented<typeof V1DispatcherDefinition, Authorised>(V1DispatcherDefinition),
    durableTask: (requests, call) => durableTasks(deps, requests, call),
  };
}

async function* durableTasks(
  deps: DurableServiceDeps,
  requests: AsyncIterable<DurableTaskRequest>,
  { tenantId, signal }: CallContext & Authorised,
): AsyncGenerator<DurableTaskResponse> {
  const outbox = new Outbox<DurableTaskResponse>();
  const stream = { tenantId, send: (message: DurableTaskResponse) => outbox.send(message) };
  /** The last request of each task: a task's requests are answered in their order. */
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
        if (found) inTurn(found.ref.taskId, () => answer(deps, stream, found));
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

/** Comes every second while anything waits: makes no span where there is nothing to do. */
async function status(
  { durable: { invocations } }: DurableServiceDeps,
  stream: DurableStream,
  entries: readonly DurableTaskAwaitedCompletedEntry[],
): Promise<void> {
  const waiting = entries.map((entry) => ({ ...invocationRef(entry), nodeId: entry.nodeId }));
  const found = await invocations.of(stream, waiting);
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

/** Carries a request out; one that is turned down fails the call in the task, which says why. */
async function answer(deps: DurableServiceDeps, stream: DurableStream, request: TaskRequest): Promise<void> {
  const { durable, onError } = deps;
  const { ref, span, carryOut, tooLate } = request;
  try {
    const invocation = (await durable.invocations.of(stream, [ref])).get(ref.taskId);
    const attributes = { 'workflow_run.id': invocation?.task.runId, 'step_run.id': ref.taskId };
    await messageSpan(PATH, { parent: invocation && runSpanContext(invocation.task) }, async () => {
      try {
        if (!invocation) throw new StaleInvocation();
        await runSpan(span, { attributes }, () => carryOut({ durable, stream, invocation }));
      } catch (error) {
        stream.send(turnedDown(error, ref, tooLate));
      }
    });
  } catch (error) {
    onError(error, PATH);
    stream.send(errorMessageOf(ref, 'the engine failed to carry this out; its log says why'));
  }
}

function turnedDown(error: unknown, ref: InvocationRef, tooLate: TaskRequest['tooLate']): DurableTaskResponse {
  if (error instanceof StaleInvocation) return tooLate(ref);
  if (error instanceof NonDeterminism) return errorMessageOf(ref, error.message, error.nodeId);
  if (error instanceof Refusal) return errorMessageOf(ref, error.message);
  throw error;
}

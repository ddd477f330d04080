import { setTimeout as delay } from 'node:timers/promises';
import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import {
  type CallOptions,
  ClientError,
  createChannel,
  createClient,
  Metadata,
  Status,
  waitForChannelReady,
} from 'nice-grpc';
import { ApiError } from './api-error.ts';

/** Which runs are meant, as REST says it. */
export interface TaskSelection {
  externalIds?: string[];
  filter?: {
    since: Date;
    until?: Date;
    statuses?: string[];
    workflowIds?: string[];
    additionalMetadata?: string[];
  };
}

/** A place in the history of a durable task. */
export interface DurableNode {
  taskExternalId: string;
  nodeId: number;
  branchId: number;
}

/** The commands that the API hands to the engine, each with its caller's own token. */
export interface Engine {
  /** Resolves to the ids that were cancelled. */
  cancelTasks(token: string, selection: TaskSelection): Promise<string[]>;
  /** Resolves to the ids that run again. */
  replayTasks(token: string, selection: TaskSelection): Promise<string[]>;
  /** Has an evicted durable task go on; false when there was nothing to restore. */
  restoreTask(token: string, taskId: string): Promise<boolean>;
  /** Has a durable task run again from a place in its history. */
  branchDurableTask(token: string, node: DurableNode): Promise<DurableNode>;
  /** Whether a connection can be had within a second. */
  isReachable(): Promise<boolean>;
  close(): void;
}

const DEADLINE_MS = 10_000;

/** The answer that REST gives where gRPC gave this one; anything else is the engine's trouble, not the caller's. */
const HTTP_STATUS: Partial<Record<Status, 400 | 401 | 403 | 404 | 409 | 429 | 501>> = {
  [Status.INVALID_ARGUMENT]: 400,
  [Status.FAILED_PRECONDITION]: 400,
  [Status.UNAUTHENTICATED]: 401,
  [Status.PERMISSION_DENIED]: 403,
  [Status.NOT_FOUND]: 404,
  [Status.ALREADY_EXISTS]: 409,
  [Status.RESOURCE_EXHAUSTED]: 429,
  [Status.UNIMPLEMENTED]: 501,
};

/** One connection for all callers: the token travels with each call. */
export function connectEngine(address: string): Engine {
  const channel = createChannel(address);
  const admin = createClient(AdminServiceDefinition, channel);
  const dispatcher = createClient(DispatcherDefinition, channel);
  return {
    cancelTasks: (token, selection) =>
      command(token, async (options) => (await admin.cancelTasks(request(selection), options)).cancelledTasks),
    replayTasks: (token, selection) =>
      command(token, async (options) => (await admin.replayTasks(request(selection), options)).replayedTasks),
    restoreTask: (token, taskRunExternalId) =>
      command(token, async (options) => {
        const { requeued } = await dispatcher.restoreEvictedTask({ taskRunExternalId }, options);
        return requeued;
      }),
    branchDurableTask: (token, node) => command(token, (options) => admin.branchDurableTask(node, options)),
    async isReachable() {
      const ready = waitForChannelReady(channel, new Date(Date.now() + 1_000)).then(
        () => true,
        () => false,
      );
      return Promise.race([ready, delay(1_500, false, { ref: false })]);
    },
    close: () => channel.close(),
  };
}

async function command<T>(token: string, call: (options: CallOptions) => Promise<T>): Promise<T> {
  const metadata = Metadata({ authorization: `bearer ${token}` });
  try {
    return await call({ metadata, signal: AbortSignal.timeout(DEADLINE_MS) });
  } catch (error) {
    throw engineError(error);
  }
}

function request({ externalIds = [], filter }: TaskSelection) {
  return {
    externalIds,
    ...(filter && { filter: { statuses: [], workflowIds: [], additionalMetadata: [], ...filter } }),
  };
}

/** What a caller of REST is told about a failed call to the engine. */
export function engineError(error: unknown): ApiError {
  const code = error instanceof ClientError ? error.code : undefined;
  const status = code === undefined ? undefined : HTTP_STATUS[code];
  if (status === undefined) return new ApiError(503, 'the engine is not available: try again later', error);
  return new ApiError(status, error instanceof ClientError ? error.details : '', error);
}

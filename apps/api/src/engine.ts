import { setTimeout as delay } from 'node:timers/promises';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { ClientError, createChannel, createClient, Metadata, Status, waitForChannelReady } from 'nice-grpc';
import { ApiError } from './api-error.ts';

/** Which runs to cancel, as REST says it. */
export interface CancelRequest {
  externalIds?: string[];
  filter?: {
    since: Date;
    until?: Date;
    statuses?: string[];
    workflowIds?: string[];
    additionalMetadata?: string[];
  };
}

/** The commands that the API hands to the engine. */
export interface Engine {
  /** Cancels with the caller's own token; resolves to the ids that were cancelled. */
  cancelTasks(token: string, request: CancelRequest): Promise<string[]>;
  /** Whether a connection can be had within a second. */
  isReachable(): Promise<boolean>;
  close(): void;
}

const DEADLINE_MS = 10_000;

/** The answer that REST gives where gRPC gave this one; anything else is the engine's trouble, not the caller's. */
const HTTP_STATUS: Partial<Record<Status, 400 | 401 | 403 | 404 | 409 | 429>> = {
  [Status.INVALID_ARGUMENT]: 400,
  [Status.FAILED_PRECONDITION]: 400,
  [Status.UNAUTHENTICATED]: 401,
  [Status.PERMISSION_DENIED]: 403,
  [Status.NOT_FOUND]: 404,
  [Status.ALREADY_EXISTS]: 409,
  [Status.RESOURCE_EXHAUSTED]: 429,
};

/** One connection for all callers: the token travels with each call. */
export function connectEngine(address: string): Engine {
  const channel = createChannel(address);
  const admin = createClient(AdminServiceDefinition, channel);
  return {
    async cancelTasks(token, { externalIds = [], filter }) {
      const request = {
        externalIds,
        ...(filter && { filter: { statuses: [], workflowIds: [], additionalMetadata: [], ...filter } }),
      };
      try {
        const { cancelledTasks } = await admin.cancelTasks(request, {
          metadata: Metadata({ authorization: `bearer ${token}` }),
          signal: AbortSignal.timeout(DEADLINE_MS),
        });
        return cancelledTasks;
      } catch (error) {
        throw engineError(error);
      }
    },
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

/** What a caller of REST is told about a failed call to the engine. */
export function engineError(error: unknown): ApiError {
  const code = error instanceof ClientError ? error.code : undefined;
  const status = code === undefined ? undefined : HTTP_STATUS[code];
  if (status === undefined) return new ApiError(503, 'the engine is not available: try again later', error);
  return new ApiError(status, error instanceof ClientError ? error.details : '', error);
}

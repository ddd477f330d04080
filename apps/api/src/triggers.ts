import { setTimeout as delay } from 'node:timers/promises';
import { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/index.js';
import { ApiError } from './api-error.ts';
import { silentSdk } from './silent-sdk.ts';

/** A run to start. */
export interface TriggerRequest {
  workflowName: string;
  input: Record<string, unknown>;
  additionalMetadata?: Record<string, unknown>;
  priority?: number;
}

/** Starts runs through the official SDK, each caller under its own token. */
export interface Triggers {
  /** Resolves to the id of the new run. */
  trigger(token: string, request: TriggerRequest): Promise<string>;
}

/** Callers are few; the client of one who has not called for long is made again. */
const MOST_CLIENTS = 100;
/** The SDK itself would wait for ever. */
const DEADLINE_MS = 10_000;

/** Clients of the engine at `address`, made at their caller's first run and kept. */
export function createTriggers(address: string): Triggers {
  const clients = new Map<string, HatchetClient>();

  function clientFor(token: string): HatchetClient {
    const client = clients.get(token) ?? createClient(token, address);
    clients.delete(token);
    clients.set(token, client);
    for (const oldest of clients.keys()) {
      if (clients.size <= MOST_CLIENTS) break;
      clients.delete(oldest);
    }
    return client;
  }

  return {
    async trigger(token, { workflowName, input, additionalMetadata, priority }) {
      const options = { additionalMetadata: additionalMetadata as Record<string, string> | undefined, priority };
      const started = clientFor(token)
        .runNoWait(workflowName, input as Parameters<HatchetClient['runNoWait']>[1], options)
        .then((run) => run.getWorkflowRunId());
      const timeout = new AbortController();
      try {
        return await Promise.race([started, giveUp(timeout.signal)]);
      } catch (error) {
        throw triggerError(error);
      } finally {
        timeout.abort();
      }
    },
  };
}

function createClient(token: string, address: string): HatchetClient {
  return HatchetClient.init(
    {
      token,
      host_port: address,
      // only runs are started here; the SDK asks its API for the tenant anyway
      api_url: 'http://127.0.0.1',
      tls_config: { tls_strategy: 'none' },
      namespace: '',
      // what fails is answered and logged here
      logger: silentSdk,
      // trying for longer is the caller's decision
      retrier: { maxAttempts: 3 },
    },
    {},
    { adapter: () => Promise.reject(new Error('this client has no REST API')) },
  );
}

async function giveUp(signal: AbortSignal): Promise<never> {
  await delay(DEADLINE_MS, undefined, { signal });
  throw new ApiError(503, 'the engine does not answer: the run may have been started');
}

/** The SDK keeps of a gRPC error only its text: `/Service/Method CODE: details`. */
const GRPC_ERROR = /^\S+ ([A-Z_]+): (.*)$/s;

const HTTP_STATUS: Record<string, 400 | 401 | 403 | 409 | 429> = {
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  ALREADY_EXISTS: 409,
  RESOURCE_EXHAUSTED: 429,
};

function triggerError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const [, code = '', details = ''] = GRPC_ERROR.exec(error instanceof Error ? error.message : '') ?? [];
  const status = HTTP_STATUS[code];
  if (status === undefined) return new ApiError(503, 'the engine is not available: try again later', error);
  return new ApiError(status, details, error);
}

import { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/index.js';
import { withDeadline } from '@hatchet-ts/internal/deadline';
import { Status } from 'nice-grpc';
import { ApiError } from '../errors/api-error.ts';
import { apiErrorFromGrpc } from './grpc-errors.ts';

/** A run to start. */
export interface RunRequest {
  workflowName: string;
  input: Record<string, unknown>;
  additionalMetadata?: Record<string, unknown>;
  priority?: number;
}

/** Largest number of clients that are kept. Beyond it, the least recently used client is dropped. */
const MAX_CLIENTS = 100;
/** The SDK has no deadline of its own. */
const DEADLINE_MS = 10_000;

/** Starts runs through the official SDK. Each token has a client of its own, created at its first run and kept. */
export class RunTrigger {
  readonly #address: string;
  readonly #clients = new Map<string, HatchetClient>();

  /** @param address `host:port` of the engine */
  constructor(address: string) {
    this.#address = address;
  }

  /** @returns the id of the new run */
  async trigger(token: string, { workflowName, input, additionalMetadata, priority }: RunRequest): Promise<string> {
    const options = { additionalMetadata: additionalMetadata as Record<string, string> | undefined, priority };
    const started = this.#clientFor(token)
      .runNoWait(workflowName, input as Parameters<HatchetClient['runNoWait']>[1], options)
      .then((run) => run.getWorkflowRunId());
    const late = () => new ApiError(503, 'the engine does not answer; the run may have been started');
    try {
      return await withDeadline(started, DEADLINE_MS, late);
    } catch (error) {
      throw apiErrorFromSdk(error);
    }
  }

  #clientFor(token: string): HatchetClient {
    const client = this.#clients.get(token) ?? createClient(token, this.#address);
    this.#clients.delete(token);
    this.#clients.set(token, client);
    for (const oldest of this.#clients.keys()) {
      if (this.#clients.size <= MAX_CLIENTS) break;
      this.#clients.delete(oldest);
    }
    return client;
  }
}

function createClient(token: string, address: string): HatchetClient {
  return HatchetClient.init(
    {
      token,
      host_port: address,
      // The client only starts runs, but the SDK requests the tenant from its API anyway.
      api_url: 'http://127.0.0.1',
      tls_config: { tls_strategy: 'none' },
      namespace: '',
      // Failures are answered and logged here.
      logger: silentSdk,
      // More attempts are the caller's decision.
      retrier: { maxAttempts: 3 },
    },
    {},
    { adapter: () => Promise.reject(new Error('this client has no REST API')) },
  );
}

/** A logger that writes nothing. The SDK's own writes colored lines to standard output, even at its level `OFF`. */
export const silentSdk: HatchetClient['config']['logger'] = () => ({
  debug: () => {},
  info: () => {},
  green: () => {},
  warn: () => {},
  error: () => {},
});

/** The SDK keeps only the text of a gRPC error: `/Service/Method CODE: details`. */
const GRPC_ERROR = /^\S+ ([A-Z_]+): (.*)$/s;

function apiErrorFromSdk(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const [, name = '', details = ''] = GRPC_ERROR.exec(error instanceof Error ? error.message : '') ?? [];
  const code = Status[name as keyof typeof Status] as Status | undefined;
  // The path of a trigger exists; an id in its body does not.
  return apiErrorFromGrpc(code === Status.NOT_FOUND ? Status.INVALID_ARGUMENT : code, details, error);
}

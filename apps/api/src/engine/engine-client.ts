import { DispatcherDefinition } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { AdminServiceDefinition } from '@hatchet-dev/typescript-sdk/protoc/v1/workflows.js';
import { withDeadline } from '@hatchet-ts/internal/deadline';
import {
  type CallOptions,
  type Channel,
  type Client,
  ClientError,
  createChannel,
  createClient,
  Metadata,
  waitForChannelReady,
} from 'nice-grpc';
import { apiErrorFromGrpc } from './grpc-errors.ts';

/** Selects runs or tasks, by their ids or by a filter. */
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

/** A position in the history of a durable task. */
export interface DurableNode {
  taskExternalId: string;
  nodeId: number;
  branchId: number;
}

const DEADLINE_MS = 10_000;
const REACHABLE_MS = 1_000;

/** Sends commands to the engine. All callers share one connection; each call carries its caller's token. */
export class EngineClient {
  readonly #channel: Channel;
  readonly #admin: Client<typeof AdminServiceDefinition>;
  readonly #dispatcher: Client<typeof DispatcherDefinition>;

  /** @param address `host:port` of the engine */
  constructor(address: string) {
    this.#channel = createChannel(address);
    this.#admin = createClient(AdminServiceDefinition, this.#channel);
    this.#dispatcher = createClient(DispatcherDefinition, this.#channel);
  }

  /** @returns the ids that were cancelled */
  async cancelTasks(token: string, selection: TaskSelection): Promise<string[]> {
    const { cancelledTasks } = await call(token, (options) => this.#admin.cancelTasks(message(selection), options));
    return cancelledTasks;
  }

  /** @returns the ids that were queued again */
  async replayTasks(token: string, selection: TaskSelection): Promise<string[]> {
    const { replayedTasks } = await call(token, (options) => this.#admin.replayTasks(message(selection), options));
    return replayedTasks;
  }

  /**
   * Resumes an evicted durable task.
   *
   * @returns false if the task was not evicted
   */
  async restoreTask(token: string, taskRunExternalId: string): Promise<boolean> {
    const { requeued } = await call(token, (options) =>
      this.#dispatcher.restoreEvictedTask({ taskRunExternalId }, options),
    );
    return requeued;
  }

  /** Runs a durable task again from a position in its history. */
  branchDurableTask(token: string, node: DurableNode): Promise<DurableNode> {
    return call(token, (options) => this.#admin.branchDurableTask(node, options));
  }

  /** Reports if the engine accepts a connection within a second. */
  async isReachable(): Promise<boolean> {
    const ready = waitForChannelReady(this.#channel, new Date(Date.now() + REACHABLE_MS));
    // gRPC may report its own deadline late.
    return withDeadline(ready, 1.5 * REACHABLE_MS, () => new Error('the engine is not reachable')).then(
      () => true,
      () => false,
    );
  }

  close(): void {
    this.#channel.close();
  }
}

async function call<T>(token: string, send: (options: CallOptions) => Promise<T>): Promise<T> {
  const metadata = Metadata({ authorization: `bearer ${token}` });
  try {
    return await send({ metadata, signal: AbortSignal.timeout(DEADLINE_MS) });
  } catch (error) {
    if (error instanceof ClientError) throw apiErrorFromGrpc(error.code, error.details, error);
    throw apiErrorFromGrpc(undefined, '', error);
  }
}

function message({ externalIds = [], filter }: TaskSelection) {
  return {
    externalIds,
    ...(filter && { filter: { statuses: [], workflowIds: [], additionalMetadata: [], ...filter } }),
  };
}

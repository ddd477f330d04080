import { randomUUID } from 'node:crypto';
import type {
  DurableTaskRequest,
  DurableTaskResponse,
  V1DispatcherServiceImplementation,
} from '@hatchet-dev/typescript-sdk/protoc/v1/dispatcher.js';
import { ServerError, Status } from 'nice-grpc';
import { Mailbox } from './mailbox.ts';

/** Durable part of the engine, with an event log for each task that a replay repeats. */
export interface DurableEngine {
  readonly service: V1DispatcherServiceImplementation;
  /** Metadata of spawned children, in order of arrival. */
  readonly children: (string | undefined)[];
  /** True if entries are satisfied at once when acknowledged; else `satisfy` does it. */
  eager: boolean;
  /** Makes the next entry fail as non-deterministic. */
  refusing: boolean;
  /** Satisfies all waits of the task. */
  satisfy(taskRunId: string): void;
  /** Evicts an invocation of the task, as if the engine needed its slot. */
  evict(taskRunId: string, invocation: number): void;
  /** Resolves when this many entries of the task are acknowledged. */
  entries(taskRunId: string, count: number): Promise<void>;
  /** Forgets all tasks. */
  reset(): void;
  stop(): void;
}

interface Entry {
  readonly nodeId: number;
  readonly runId: string;
  satisfied: boolean;
  /** Result of a memo. */
  memo?: Uint8Array;
}

interface Log {
  readonly entries: Entry[];
  invocation: number;
  position: number;
}

export function durableEngine(): DurableEngine {
  const out = new Mailbox<DurableTaskResponse>();
  const logs = new Map<string, Log>();
  const waiting = new Set<() => void>();
  const engine: DurableEngine = {
    children: [],
    eager: true,
    refusing: false,
    service: {
      durableTask: async function* (requests, { signal }) {
        void receive(requests);
        yield* out.take(signal);
      },
      registerDurableEvent: unimplemented,
      // biome-ignore lint/correctness/useYield: a stream that always fails
      listenForDurableEvent: async function* () {
        throw new ServerError(Status.UNIMPLEMENTED, 'not in this engine');
      },
    },
    satisfy(taskRunId) {
      const log = logs.get(taskRunId);
      for (const entry of log?.entries ?? []) if (log && !entry.satisfied) complete(taskRunId, log, entry);
    },
    evict: (durableTaskExternalId, invocationCount) =>
      out.put({ serverEvict: { durableTaskExternalId, invocationCount, reason: 'a slot was needed' } }),
    async entries(taskRunId, count) {
      while ((logs.get(taskRunId)?.position ?? 0) < count) {
        await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
    reset() {
      logs.clear();
      engine.children.length = 0;
      engine.eager = true;
      engine.refusing = false;
    },
    stop: () => out.close(),
  };

  async function receive(requests: AsyncIterable<DurableTaskRequest>): Promise<void> {
    try {
      for await (const request of requests) handle(request);
    } catch {
      // the worker closed the stream
    }
  }

  function handle({
    registerWorker,
    waitFor,
    memo,
    completeMemo,
    triggerRuns,
    evictInvocation,
  }: DurableTaskRequest): void {
    if (completeMemo) {
      const { durableTaskExternalId = '', nodeId } = completeMemo.ref ?? {};
      const entry = logs.get(durableTaskExternalId)?.entries.find((each) => each.nodeId === nodeId);
      if (entry) entry.memo = completeMemo.payload;
    }
    if (registerWorker) out.put({ registerWorker });
    if (evictInvocation) out.put({ evictionAck: evictInvocation });
    if (waitFor) {
      const { log, entries } = append(waitFor, 1);
      const ref = refOf(waitFor.durableTaskExternalId, log, entries[0]!);
      if (engine.refusing) {
        engine.refusing = false;
        out.put({ error: { ref, errorType: 1, errorMessage: 'another wait than before' } });
      } else answer(waitFor.durableTaskExternalId, log, entries, { waitForAck: { ref } });
    }
    if (memo) {
      const { log, entries } = append(memo, 1);
      const { memo: memoResultPayload } = entries[0]!;
      const ref = refOf(memo.durableTaskExternalId, log, entries[0]!);
      const memoAlreadyExisted = memoResultPayload !== undefined;
      answer(memo.durableTaskExternalId, log, entries, { memoAck: { ref, memoAlreadyExisted, memoResultPayload } });
    }
    if (triggerRuns) {
      const { durableTaskExternalId, invocationCount, triggerOpts } = triggerRuns;
      engine.children.push(...triggerOpts.map((child) => child.additionalMetadata));
      const { log, entries } = append(triggerRuns, triggerOpts.length);
      const runEntries = entries.map(({ nodeId, runId }) => ({ nodeId, branchId: 1, workflowRunExternalId: runId }));
      answer(durableTaskExternalId, log, entries, {
        triggerRunsAck: { durableTaskExternalId, invocationCount, runEntries },
      });
    }
  }

  function append(
    { durableTaskExternalId, invocationCount }: { durableTaskExternalId: string; invocationCount: number },
    count: number,
  ): { log: Log; entries: Entry[] } {
    const log = logs.get(durableTaskExternalId) ?? { entries: [], invocation: invocationCount, position: 0 };
    logs.set(durableTaskExternalId, log);
    if (log.invocation !== invocationCount) {
      log.invocation = invocationCount;
      log.position = 0;
    }
    while (log.entries.length < log.position + count) {
      log.entries.push({ nodeId: log.entries.length + 1, runId: randomUUID(), satisfied: false });
    }
    const entries = log.entries.slice(log.position, log.position + count);
    log.position += count;
    return { log, entries };
  }

  function answer(taskRunId: string, log: Log, entries: Entry[], acknowledgement: DurableTaskResponse): void {
    out.put(acknowledgement);
    for (const entry of entries) if (engine.eager || entry.satisfied) complete(taskRunId, log, entry);
    for (const wake of waiting) wake();
    waiting.clear();
  }

  function complete(taskRunId: string, log: Log, entry: Entry): void {
    entry.satisfied = true;
    out.put({
      entryCompleted: {
        ref: refOf(taskRunId, log, entry),
        payload: new TextEncoder().encode('{}'),
        isFailure: false,
      },
    });
  }

  return engine;
}

function refOf(durableTaskExternalId: string, { invocation }: Log, { nodeId }: Entry) {
  return { durableTaskExternalId, invocationCount: invocation, branchId: 1, nodeId };
}

async function unimplemented(): Promise<never> {
  throw new ServerError(Status.UNIMPLEMENTED, 'not in this engine');
}

import type { Handler } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import type { Authenticated } from '../routing/authentication.ts';
import type { Dependencies } from '../routing/dependencies.ts';
import { runTraceShape, spanShape } from '../shapes/trace.ts';
import { RunPoller } from './run-poller.ts';
import { type TraceChanges, TracePoller } from './trace-poller.ts';

/** Path in Hono's syntax. The OpenAPI document leaves it out, because the answer is not JSON. */
export const STREAM_PATH = '/api/v1/stable/tenants/:tenant/traces/stream';

export function isStreamPath(path: string): boolean {
  return path.endsWith('/traces/stream');
}

const QUERY = z.object({
  run_external_id: z.guid('must be the UUID of a run').optional(),
  include_children: z.enum(['true', 'false']).optional(),
});

const POLL_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** Longest life of a stream. The client then connects again, and its token is verified again. */
const MAX_STREAM_MS = 600_000;
const MAX_STREAMS = 100;
const SPANS_PER_EVENT = 500;

/**
 * Streams server-sent events: `run` for each run that is new or has changed; with `run_external_id` only that run's,
 * and `spans` and `tasks` of its trace. A client that has lost the stream requests the list, or the trace, once more.
 */
export function traceStream({ db, stopping }: Pick<Dependencies, 'db' | 'stopping'>): Handler<Authenticated> {
  const runs = new RunPoller(db, stopping);
  const streams = new StreamCounter();
  return async (c) => {
    const { data, error } = QUERY.safeParse(c.req.query());
    if (error)
      throw new ApiError(400, error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
    const tenantId = c.get('tenantId');
    const { run_external_id: runId, include_children: children } = data;
    const release = streams.acquire(tenantId);
    try {
      const trace = runId === undefined ? undefined : new TracePoller(db, tenantId, runId);
      const first = await trace?.poll();
      if (trace && !first) throw new ApiError(404, HATCHET_TEXTS.runNotFound);
      return streamSSE(c, async (stream) => {
        const ended = AbortSignal.any([stopping, AbortSignal.timeout(MAX_STREAM_MS), abortSignal(stream)]);
        const heartbeat = setInterval(() => void stream.write(': heartbeat\n\n'), HEARTBEAT_MS);
        try {
          await (trace
            ? sendTrace(stream, trace, first, ended)
            : sendRuns(stream, runs, tenantId, children === 'true', ended));
        } finally {
          clearInterval(heartbeat);
          release();
        }
      });
    } catch (error) {
      release();
      throw error;
    }
  };
}

/** Limits the open streams of each tenant. */
class StreamCounter {
  readonly #open = new Map<string, number>();

  /**
   * @returns a function that releases the stream
   * @throws ApiError 429 if the tenant has too many streams
   */
  acquire(tenantId: string): () => void {
    const count = this.#open.get(tenantId) ?? 0;
    if (count >= MAX_STREAMS) throw new ApiError(429, `at most ${MAX_STREAMS} streams at a time`);
    this.#open.set(tenantId, count + 1);
    return () => {
      const left = (this.#open.get(tenantId) ?? 1) - 1;
      if (left > 0) this.#open.set(tenantId, left);
      else this.#open.delete(tenantId);
    };
  }
}

async function sendRuns(
  stream: SSEStreamingApi,
  runs: RunPoller,
  tenantId: string,
  children: boolean,
  ended: AbortSignal,
): Promise<void> {
  if (ended.aborted) return;
  const unsubscribe = runs.subscribe(tenantId, children, (run) => void send(stream, 'run', runTraceShape(run)));
  await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
  unsubscribe();
}

async function sendTrace(
  stream: SSEStreamingApi,
  trace: TracePoller,
  first: TraceChanges | undefined,
  ended: AbortSignal,
): Promise<void> {
  for (let changes = first; changes && !ended.aborted; changes = await trace.poll()) {
    const { run, tasks, newSpans, isComplete } = changes;
    if (run) await send(stream, 'run', runTraceShape(run));
    if (tasks) await send(stream, 'tasks', { tasks });
    for (let start = 0; start < newSpans.length; start += SPANS_PER_EVENT) {
      await send(stream, 'spans', newSpans.slice(start, start + SPANS_PER_EVENT).map(spanShape));
    }
    if (isComplete) return;
    await stream.sleep(POLL_MS);
  }
}

async function send(stream: SSEStreamingApi, event: string, data: unknown): Promise<void> {
  await stream.writeSSE({ event, data: JSON.stringify(data), id: String(Date.now()) });
}

function abortSignal(stream: SSEStreamingApi): AbortSignal {
  const controller = new AbortController();
  stream.onAbort(() => controller.abort());
  return controller.signal;
}

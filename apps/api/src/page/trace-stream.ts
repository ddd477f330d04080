import { setTimeout as delay } from 'node:timers/promises';
import type { Handler } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { ApiError } from '../errors/api-error.ts';
import { HATCHET_TEXTS } from '../errors/hatchet-texts.ts';
import type { Authenticated } from '../routing/authentication.ts';
import type { Dependencies } from '../routing/dependencies.ts';
import { spanCursor } from '../routing/request.ts';
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
  after: spanCursor.optional(),
});

const POLL_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** Longest life of a stream. The client then connects again, and its token is verified again. */
const MAX_STREAM_MS = 600_000;
const MAX_STREAMS = 100;

/**
 * Streams server-sent events: `run` for each run that is new or has changed; with `run_external_id` only that run's,
 * and `spans` and `tasks` of its trace. The spans begin after the cursor in the header `Last-Event-ID` or in `after`;
 * without one, with the first. The ids of the events are cursors. A client that has lost the stream of all runs requests
 * the list once more.
 */
export function traceStream({
  db,
  stopping,
  logger,
}: Pick<Dependencies, 'db' | 'stopping' | 'logger'>): Handler<Authenticated> {
  const runs = new RunPoller(db, logger, stopping);
  const streams = new StreamCounter();
  return async (c) => {
    const after = c.req.header('last-event-id') ?? c.req.query('after');
    const { data, error } = QUERY.safeParse({ ...c.req.query(), after: after || undefined });
    if (error)
      throw new ApiError(400, error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
    const tenantId = c.get('tenantId');
    const { run_external_id: runId, include_children: children } = data;
    const release = streams.acquire(tenantId);
    try {
      const trace = runId === undefined ? undefined : new TracePoller(db, tenantId, runId, data.after);
      const first = await trace?.poll();
      if (trace && !first) throw new ApiError(404, HATCHET_TEXTS.runNotFound);
      return streamSSE(c, async (stream) => {
        const ended = AbortSignal.any([stopping, AbortSignal.timeout(MAX_STREAM_MS), abortSignal(stream)]);
        const heartbeat = setInterval(() => void stream.write(': heartbeat\n\n'), HEARTBEAT_MS);
        try {
          await (trace
            ? sendTrace(stream, trace, first, ended)
            : sendRuns(stream, runs, tenantId, children === 'true', ended));
        } catch (cause) {
          // the client reconnects, and continues after the last event
          const { name, message, stack } = cause as Error;
          logger.error({ err: { type: name, message, stack } }, 'stream failed; the client reconnects');
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
    const { run, tasks, newSpans, cursor, isComplete } = changes;
    if (run) await send(stream, 'run', runTraceShape(run));
    if (tasks) await send(stream, 'tasks', { tasks });
    let hasSent = changes === first;
    for await (const spans of newSpans) {
      if (ended.aborted) return;
      await send(stream, 'spans', spans.map(spanShape));
      hasSent = true;
    }
    // only now: a client that loses the stream continues after the spans that it has
    if (hasSent) await stream.writeSSE({ data: '', id: cursor });
    if (isComplete) return;
    await delay(POLL_MS, undefined, { signal: ended }).catch(() => {});
  }
}

async function send(stream: SSEStreamingApi, event: string, data: unknown): Promise<void> {
  await stream.writeSSE({ event, data: JSON.stringify(data) });
}

function abortSignal(stream: SSEStreamingApi): AbortSignal {
  const controller = new AbortController();
  stream.onAbort(() => controller.abort());
  return controller.signal;
}

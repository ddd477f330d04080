import type { Handler } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { z } from 'zod';
import { ApiError } from '../api-error.ts';
import type { Authenticated } from '../authentication.ts';
import type { Dependencies } from '../dependencies.ts';
import { runTraceShape, spanShape } from '../shapes/trace.ts';
import { FollowedTrace } from './followed-trace.ts';
import { createRunNews, type RunNews } from './run-news.ts';

/** Hono's way of writing it; its answer is no JSON and so in no document. */
export const STREAM_PATH = '/api/v1/stable/tenants/:tenant/traces/stream';

/** A stream is asked for once and lasts: it is no request whose time says anything, and its looks are nobody's work. */
export function isStreamPath(path: string): boolean {
  return path.endsWith('/traces/stream');
}

const QUERY = z.object({
  run_external_id: z.guid('must be the UUID of a run').optional(),
  include_children: z.enum(['true', 'false']).optional(),
});

/** Milliseconds between two looks at a trace, and two signs of life. */
const EVERY_MS = 1_000;
const HEARTBEAT_MS = 15_000;
/** The client then comes again, and its token is looked at again. */
const LONGEST_MS = 600_000;
const MOST_STREAMS = 100;
const SPANS_OF_AN_EVENT = 500;

/**
 * Server-sent events: `run` for each run that is new or has changed; with `run_external_id` only that one's, and `spans`
 * and `tasks` of its trace. A client that has lost the stream asks for the list, or the trace, once more.
 */
export function traceStream({ db, stopping }: Pick<Dependencies, 'db' | 'stopping'>): Handler<Authenticated> {
  const news = createRunNews(db, stopping);
  const open = new Map<string, number>();
  return async (c) => {
    const { data, error } = QUERY.safeParse(c.req.query());
    if (error)
      throw new ApiError(400, error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '));
    const tenantId = c.get('tenantId');
    const count = open.get(tenantId) ?? 0;
    if (count >= MOST_STREAMS) throw new ApiError(429, `at most ${MOST_STREAMS} streams at a time`);
    const trace = data.run_external_id ? new FollowedTrace(db, tenantId, data.run_external_id) : undefined;
    if (trace && !(await exists(trace))) throw new ApiError(404, 'workflow run not found');
    open.set(tenantId, count + 1);
    return streamSSE(c, async (stream) => {
      const ended = AbortSignal.any([stopping, AbortSignal.timeout(LONGEST_MS), aborted(stream)]);
      const beat = setInterval(() => void stream.write(': heartbeat\n\n'), HEARTBEAT_MS);
      try {
        await (trace
          ? follow(stream, new FollowedTrace(db, tenantId, data.run_external_id!), ended)
          : tell(stream, news, tenantId, data.include_children === 'true', ended));
      } finally {
        clearInterval(beat);
        open.set(tenantId, (open.get(tenantId) ?? 1) - 1);
      }
    });
  };
}

async function exists(trace: FollowedTrace): Promise<boolean> {
  return (await trace.look()) !== undefined;
}

async function tell(stream: SSEStreamingApi, news: RunNews, tenantId: string, children: boolean, ended: AbortSignal) {
  const end = news.listen(tenantId, children, (run) => void send(stream, 'run', runTraceShape(run)));
  await new Promise((resolve) => ended.addEventListener('abort', resolve, { once: true }));
  end();
}

async function follow(stream: SSEStreamingApi, trace: FollowedTrace, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    const found = await trace.look();
    if (!found) return;
    if (found.run) await send(stream, 'run', runTraceShape(found.run));
    if (found.tasks) await send(stream, 'tasks', { tasks: found.tasks });
    for (let start = 0; start < found.spans.length; start += SPANS_OF_AN_EVENT) {
      await send(stream, 'spans', found.spans.slice(start, start + SPANS_OF_AN_EVENT).map(spanShape));
    }
    if (found.isOver) return;
    await stream.sleep(EVERY_MS);
  }
}

async function send(stream: SSEStreamingApi, event: string, data: unknown): Promise<void> {
  await stream.writeSSE({ event, data: JSON.stringify(data), id: String(Date.now()) });
}

function aborted(stream: SSEStreamingApi): AbortSignal {
  const controller = new AbortController();
  stream.onAbort(() => controller.abort());
  return controller.signal;
}

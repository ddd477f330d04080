import { readCreation } from '@hatchet-ts/sdk-otel/propagation';
import { httpServerTracing } from '@hatchet-ts/server-otel';
import type { Context, MiddlewareHandler } from 'hono';
import { isPagePath } from './page/page.ts';
import { isStreamPath } from './page/trace-stream.ts';
import { isHealthPath } from './routes/health.ts';
import { MAX_BODY_BYTES } from './routing/body-limit.ts';

const TRIGGER_PATH = /\/workflow-runs\/trigger$/;

/**
 * Traces requests. Probes and page files are frequent and carry no work of a caller, and a stream lasts for minutes:
 * these have no span.
 */
export function requestTracing(): MiddlewareHandler {
  return httpServerTracing({
    untraced: (path) => isHealthPath(path) || isPagePath(path) || isStreamPath(path),
    parentOf: parentInBody,
  });
}

/**
 * Reads the parent of a trigger from the run's metadata; used if the headers have none. The request is not
 * authenticated yet, so a body of unknown or excessive length is not read.
 */
async function parentInBody(c: Context) {
  if (c.req.method !== 'POST' || !TRIGGER_PATH.test(c.req.path)) return undefined;
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= MAX_BODY_BYTES) || c.req.header('transfer-encoding')) return undefined;
  const text = await c.req.text();
  if (!text.includes('traceparent')) return undefined;
  try {
    return readCreation((JSON.parse(text) as { additionalMetadata?: unknown } | null)?.additionalMetadata);
  } catch {
    return undefined; // the handler reports invalid JSON
  }
}

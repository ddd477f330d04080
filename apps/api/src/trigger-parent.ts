import { readCarrier } from '@hatchet-ts/sdk-otel/propagation';
import type { SpanContext } from '@opentelemetry/api';
import type { Context } from 'hono';

const TRIGGER_PATH = /\/workflow-runs\/trigger$/;

/**
 * The context that the metadata of a run to be started carries: where the headers have none, it is the parent of the
 * request. Nobody is authorised yet, so a body of unknown or too great a length is not read for it.
 */
export async function parentOfTrigger(c: Context, maxBytes: number): Promise<SpanContext | undefined> {
  if (c.req.method !== 'POST' || !TRIGGER_PATH.test(c.req.path)) return undefined;
  const length = Number(c.req.header('content-length') ?? Number.NaN);
  if (!(length <= maxBytes) || c.req.header('transfer-encoding')) return undefined;
  const text = await c.req.text();
  if (!text.includes('traceparent')) return undefined;
  try {
    return readCarrier((JSON.parse(text) as { additionalMetadata?: unknown } | null)?.additionalMetadata);
  } catch {
    return undefined; // the handler says what is wrong with it
  }
}

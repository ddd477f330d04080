import { AsyncLocalStorage } from 'node:async_hooks';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';

/** Runs a function apart from the request that happens to be served. */
export type Outside = <T>(fn: () => T) => T;

/**
 * Exporting belongs to no request: nothing that it does is traced, and no store of a request is kept alive by a timer
 * or a call of the exporter. Made when the process starts.
 */
export function outside(): Outside {
  const apart = AsyncLocalStorage.snapshot();
  const suppressed = suppressTracing(ROOT_CONTEXT);
  return (fn) => apart(() => context.with(suppressed, fn));
}

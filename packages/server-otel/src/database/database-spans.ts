import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { Pools } from './connection-metrics.ts';
import { PgPatches, type PgPatchTarget } from './pg-patches.ts';
import { QueryRecorder } from './query-recorder.ts';

/**
 * Starts recording pg's queries as CLIENT spans with the stable `db.*` attributes, below a recorded span only.
 * Statements are recorded, their parameters never. pg must be loaded after this.
 *
 * @param meterProvider if given, the durations of all queries and the connections of pools are measured as well
 * @returns a function that stops it
 */
export function startDatabaseSpans(tracerProvider: TracerProvider, meterProvider?: MeterProvider): () => void {
  patched ??= patchPg();
  const target = patched;
  const recorder = new QueryRecorder(tracerProvider, meterProvider);
  target.recorder = recorder;
  const stopObserving = meterProvider && target.pools.observe(meterProvider);
  return () => {
    stopObserving?.();
    if (target.recorder === recorder) target.recorder = undefined;
  };
}

let patched: PgPatchTarget | undefined;

function patchPg(): PgPatchTarget {
  const target: PgPatchTarget = { pools: new Pools(), recorder: undefined };
  new PgPatches(target);
  return target;
}

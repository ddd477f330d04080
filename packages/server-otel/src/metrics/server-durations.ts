import { type Attributes, type Histogram, type MeterProvider, metrics } from '@opentelemetry/api';
import {
  METRIC_HTTP_SERVER_REQUEST_DURATION,
  METRIC_RPC_SERVER_CALL_DURATION,
} from '@opentelemetry/semantic-conventions';
import { processTelemetry, SCOPE } from '../process-telemetry.ts';

/** Duration histograms of served calls and requests, named by the stable conventions. */
const INSTRUMENTS: Readonly<Record<Kind, { readonly name: string; readonly description: string }>> = {
  rpc: { name: METRIC_RPC_SERVER_CALL_DURATION, description: 'Duration of inbound remote procedure calls.' },
  http: { name: METRIC_HTTP_SERVER_REQUEST_DURATION, description: 'Duration of HTTP server requests.' },
};

/** Buckets that the conventions recommend, in seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

type Kind = 'rpc' | 'http';

/**
 * Starts measuring a call or a request.
 *
 * @returns a function that records the duration; its attributes must have few values: routes and methods, never paths or ids
 */
export function startServerTimer(kind: Kind): (attributes: Attributes) => void {
  const start = performance.now();
  return (attributes) => histogram(kind).record((performance.now() - start) / 1000, attributes);
}

/** The histogram of the current provider: a process may start telemetry more than once, as tests do. */
function histogram(kind: Kind): Histogram {
  const provider = processTelemetry()?.telemetry.meterProvider ?? metrics.getMeterProvider();
  const known = instruments.get(provider) ?? {};
  instruments.set(provider, known);
  known[kind] ??= create(provider, kind);
  return known[kind];
}

const instruments = new WeakMap<MeterProvider, { [K in Kind]?: Histogram }>();

function create(provider: MeterProvider, kind: Kind): Histogram {
  const { name, description } = INSTRUMENTS[kind];
  return provider
    .getMeter(SCOPE.name, SCOPE.version)
    .createHistogram(name, { description, unit: 's', advice: { explicitBucketBoundaries: BUCKETS } });
}

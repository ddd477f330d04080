import { diag } from '@opentelemetry/api';
import { createEngineExporter } from '../export/create-engine-exporter.ts';
import { type FoundPeer, findPeer, loadPeer } from '../export/optional-peer.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Span exporter of an SDK of the 2.x or 3.x line. */
export interface SpanExporter {
  export(spans: readonly unknown[], done: (result: { readonly code: number; readonly error?: Error }) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

/**
 * Creators of the exporters of `OTEL_TRACES_EXPORTER`, by name. They read `OTEL_*` themselves.
 *
 * @param sdk package of NodeSDK, whose exporters are used
 */
export const SPAN_EXPORTERS: Readonly<Record<string, (env: Environment, sdk: FoundPeer) => SpanExporter>> = {
  otlp: (env, sdk) => create(protocol(env), 'OTLPTraceExporter', sdk),
  zipkin: (_env, sdk) => create('@opentelemetry/exporter-zipkin', 'ZipkinExporter', sdk),
  hatchet: () => createEngineExporter({}, PURPOSE),
};

export const PURPOSE = '/register';

/** Finds the package of NodeSDK, without loading it: it loads every exporter. */
export function findNodeSdk(): FoundPeer {
  return findPeer(['@opentelemetry/sdk-node'], PURPOSE);
}

function create(packageName: string, className: string, sdk: FoundPeer): SpanExporter {
  const classes = loadPeer([packageName], PURPOSE, sdk).exports as Readonly<Record<string, new () => SpanExporter>>;
  return new classes[className]!();
}

function protocol(env: Environment): string {
  const name = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf';
  const known = OTLP_PACKAGES[name];
  if (known) return known;
  diag.warn(
    `@hatchet-ts/sdk-otel: OTEL_EXPORTER_OTLP_PROTOCOL is ${JSON.stringify(name)}; http/protobuf is used instead; use ${Object.keys(OTLP_PACKAGES).join(', ')}`,
  );
  return OTLP_PACKAGES['http/protobuf']!;
}

const OTLP_PACKAGES: Readonly<Record<string, string>> = {
  'http/protobuf': '@opentelemetry/exporter-trace-otlp-proto',
  'http/json': '@opentelemetry/exporter-trace-otlp-http',
  grpc: '@opentelemetry/exporter-trace-otlp-grpc',
};

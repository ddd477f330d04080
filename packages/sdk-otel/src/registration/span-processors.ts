import { diag } from '@opentelemetry/api';
import { createBatchProcessor, type HatchetExportProcessor, loadTraceSdk } from '../export/batch-processor.ts';
import { loadPeer, type Peer } from '../export/optional-peer.ts';
import { createHatchetSpanProcessor } from '../exporter.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Creates the processors for `OTEL_TRACES_EXPORTER`: `otlp` (default), `console`, `zipkin`, `hatchet` (the engine's own
 * receiver, over the client's connection), a comma-separated list, or `none`. NodeSDK reads the variable only if it gets
 * no span processors, but it gets `HatchetSpanProcessor`.
 *
 * @param sdk package of NodeSDK, whose exporters are used
 */
export function createExportProcessors(env: Environment, sdk: Peer): HatchetExportProcessor[] {
  const names = (env.OTEL_TRACES_EXPORTER ?? '').split(',').map((name) => name.trim());
  const wanted = new Set(names.filter((name) => name !== ''));
  if (wanted.has('none')) return [];
  if (wanted.size === 0) wanted.add('otlp');
  return [...wanted].flatMap((name) => {
    const make = EXPORTERS[name];
    if (make) return [make(env, sdk)];
    diag.warn(
      `@hatchet-ts/sdk-otel: OTEL_TRACES_EXPORTER contains the unknown exporter ${JSON.stringify(name)}; it is ignored; use ${Object.keys(EXPORTERS).join(', ')} or none`,
    );
    return [];
  });
}

const EXPORTERS: Readonly<Record<string, (env: Environment, sdk: Peer) => HatchetExportProcessor>> = {
  otlp: (env, sdk) => createExportProcessor(protocol(env), 'OTLPTraceExporter', env, sdk),
  zipkin: (env, sdk) => createExportProcessor('@opentelemetry/exporter-zipkin', 'ZipkinExporter', env, sdk),
  console: (_env, sdk) => {
    const { name, exports } = loadTraceSdk(PURPOSE, sdk);
    const { ConsoleSpanExporter, SimpleSpanProcessor } = exports as Classes<HatchetExportProcessor>;
    const exporter = new ConsoleSpanExporter!();
    return new SimpleSpanProcessor!(name === '@opentelemetry/sdk-trace' ? { exporter } : exporter);
  },
  hatchet: (env) => createHatchetSpanProcessor(batching(env)),
};

function createExportProcessor(
  packageName: string,
  className: string,
  env: Environment,
  sdk: Peer,
): HatchetExportProcessor {
  const { [className]: Exporter } = loadPeer([packageName], PURPOSE, sdk).exports as Classes<object>;
  return createBatchProcessor(new Exporter!(), batching(env), PURPOSE, sdk);
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

// SDKs of the 3.x line do not read these variables
function batching(env: Environment): Record<string, number> {
  const options: Record<string, number> = {};
  for (const [variable, option] of Object.entries(BATCHING)) {
    const text = env[variable]?.trim();
    if (text && /^\d+$/.test(text)) options[option] = Number(text);
  }
  return options;
}

const BATCHING = {
  OTEL_BSP_SCHEDULE_DELAY: 'scheduledDelayMillis',
  OTEL_BSP_EXPORT_TIMEOUT: 'exportTimeoutMillis',
  OTEL_BSP_MAX_QUEUE_SIZE: 'maxQueueSize',
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: 'maxExportBatchSize',
};

const PURPOSE = '/register';

type Classes<T> = Readonly<Record<string, new (options?: object) => T>>;

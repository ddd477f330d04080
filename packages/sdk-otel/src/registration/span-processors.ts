import { diag } from '@opentelemetry/api';
import { type HatchetExportProcessor, loadTraceSdk } from '../export/batch-processor.ts';
import type { Peer } from '../export/optional-peer.ts';
import { type Environment, PURPOSE, SPAN_EXPORTERS } from './span-exporters.ts';
import { TrackedExport } from './tracked-export.ts';

/** Processors of NodeSDK, and those of them that queue spans. */
export interface ExportProcessors {
  readonly all: readonly HatchetExportProcessor[];
  readonly tracked: readonly TrackedExport[];
}

/**
 * Creates the processors for `OTEL_TRACES_EXPORTER`: `otlp` (default), `console`, `zipkin`, `hatchet` (the engine's own
 * receiver, over the client's connection), a comma-separated list, or `none`. NodeSDK reads the variable only if it gets
 * no span processors, but it gets `HatchetSpanProcessor`.
 *
 * @param sdk package of NodeSDK, whose exporters are used
 */
export function createExportProcessors(env: Environment, sdk: Peer): ExportProcessors {
  const names = (env.OTEL_TRACES_EXPORTER ?? '').split(',').map((name) => name.trim());
  const wanted = new Set(names.filter((name) => name !== ''));
  if (wanted.has('none')) return { all: [], tracked: [] };
  if (wanted.size === 0) wanted.add('otlp');
  const tracked: TrackedExport[] = [];
  const all = [...wanted].flatMap((name) => {
    if (name === 'console') return [consoleProcessor(sdk)];
    const createExporter = Object.hasOwn(SPAN_EXPORTERS, name) ? SPAN_EXPORTERS[name] : undefined;
    if (createExporter) {
      const processor = new TrackedExport(name, createExporter(env, sdk), batching(env), sdk);
      tracked.push(processor);
      return [processor];
    }
    diag.warn(
      `@hatchet-ts/sdk-otel: OTEL_TRACES_EXPORTER contains the unknown exporter ${JSON.stringify(name)}; it is ignored; use ${KNOWN.join(', ')} or none`,
    );
    return [];
  });
  return { all, tracked };
}

const KNOWN = ['otlp', 'zipkin', 'console', 'hatchet'];

function consoleProcessor(sdk: Peer): HatchetExportProcessor {
  const { name, exports } = loadTraceSdk(PURPOSE, sdk);
  const { ConsoleSpanExporter, SimpleSpanProcessor } = exports as Classes<HatchetExportProcessor>;
  const exporter = new ConsoleSpanExporter!();
  return new SimpleSpanProcessor!(name === '@opentelemetry/sdk-trace' ? { exporter } : exporter);
}

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

type Classes<T> = Readonly<Record<string, new (options?: object) => T>>;

import { HatchetSpanProcessor } from './context/span-processor.ts';
import { createBatchProcessor, type ExportableSpan, type HatchetExportProcessor } from './export/batch-processor.ts';
import { createEngineExporter } from './export/create-engine-exporter.ts';
import type { EngineAddress } from './export/engine-address.ts';

export type { ExportableSpan, HatchetExportProcessor } from './export/batch-processor.ts';
export type { EngineAddress } from './export/engine-address.ts';

/** Options of {@link createHatchetSpanProcessor}. */
export interface HatchetSpanProcessorOptions {
  /**
   * Configuration of the client (`hatchet.config`), or the part of it that is not in the environment: `HATCHET_CLIENT_*`
   * and `.hatchet.yaml` are read as by the client.
   * @default {}
   */
  readonly clientConfig?: EngineAddress;
  /**
   * Returns true for the spans to send; all recorded spans by default.
   * @default () => true
   */
  readonly filter?: (span: ExportableSpan) => boolean;
  /**
   * Milliseconds between two batches.
   * @default 5000
   */
  readonly scheduledDelayMillis?: number;
  /**
   * Maximum number of spans in a batch. It is sent in requests below 1 MiB.
   * @default 512
   */
  readonly maxExportBatchSize?: number;
  /**
   * Maximum number of queued spans; further ones are dropped.
   * @default 2048
   */
  readonly maxQueueSize?: number;
}

/**
 * Creates a span processor that exports to the engine's own OTLP receiver, over the connection of the client's
 * configuration. Add it to the `spanProcessors` of your provider. Like `HatchetSpanProcessor`, it puts the task's identity
 * on the spans inside a task.
 *
 * @throws MissingPeerError with the package to install
 */
export function createHatchetSpanProcessor(options: HatchetSpanProcessorOptions = {}): HatchetExportProcessor {
  const { clientConfig = {}, filter, ...batching } = options;
  const batch = createBatchProcessor(createEngineExporter(clientConfig, PURPOSE), batching, PURPOSE);
  const inherited = new HatchetSpanProcessor(); // the engine finds a task's spans by its id
  return {
    onStart: (span, parentContext) => {
      inherited.onStart(span, parentContext);
      batch.onStart(span, parentContext);
    },
    onEnd: (span) => {
      if (!filter || filter(span)) batch.onEnd(span);
    },
    forceFlush: () => batch.forceFlush(),
    shutdown: () => batch.shutdown(),
  };
}

const PURPOSE = 'createHatchetSpanProcessor()';

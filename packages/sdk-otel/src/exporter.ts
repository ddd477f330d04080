import { HatchetSpanProcessor } from './context/span-processor.ts';
import { batchProcessor, type ExportableSpan, type HatchetExportProcessor } from './export/batch-processor.ts';
import { connectToEngine, type EngineAddress } from './export/engine-connection.ts';
import { EngineExporter, type TraceSerializer } from './export/engine-exporter.ts';
import { loadPeer } from './export/optional-peer.ts';

export type { ExportableSpan, HatchetExportProcessor } from './export/batch-processor.ts';
export type { EngineAddress } from './export/engine-connection.ts';

/** What {@link createHatchetSpanProcessor} takes. */
export interface HatchetSpanProcessorOptions {
  /**
   * The client's configuration (`hatchet.config`), or the part of it that is not in the environment: `HATCHET_CLIENT_*`
   * and `.hatchet.yaml` are read as the client reads them.
   * @default {}
   */
  readonly clientConfig?: EngineAddress;
  /**
   * Which spans are sent; every one that the provider records when left out.
   * @default () => true
   */
  readonly filter?: (span: ExportableSpan) => boolean;
  /**
   * Milliseconds between two batches.
   * @default 5000
   */
  readonly scheduledDelayMillis?: number;
  /**
   * Spans in a batch; one of 512 stays below the 4 MiB that an engine takes.
   * @default 512
   */
  readonly maxExportBatchSize?: number;
  /**
   * Spans that wait at most; more are dropped.
   * @default 2048
   */
  readonly maxQueueSize?: number;
}

/**
 * A span processor that exports to the engine's own OTLP receiver, over the connection that the client's configuration
 * describes. Add it to the `spanProcessors` of your provider; it touches no provider by itself. Like
 * `HatchetSpanProcessor` it puts the task's identity on the spans below it.
 *
 * @throws MissingPeerError that names the package to install
 */
export function createHatchetSpanProcessor(options: HatchetSpanProcessorOptions = {}): HatchetExportProcessor {
  const { clientConfig = {}, filter, ...batching } = options;
  const { ProtobufTraceSerializer } = loadPeer(['@opentelemetry/otlp-transformer'], PURPOSE).exports as {
    ProtobufTraceSerializer: TraceSerializer;
  };
  const exporter = new EngineExporter(() => connectToEngine(clientConfig), ProtobufTraceSerializer);
  const batch = batchProcessor(exporter, batching, PURPOSE);
  const inherited = new HatchetSpanProcessor(); // so that the engine finds a task's spans by its id
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

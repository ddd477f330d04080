import { flushAtEnd, type LastBatchChild } from '@hatchet-ts/process-end';
import { diag, metrics } from '@opentelemetry/api';
import { loadPeer, type Peer } from '../export/optional-peer.ts';
import { sendInChild } from './last-batch.ts';
import { PURPOSE } from './span-exporters.ts';
import type { TrackedExport } from './tracked-export.ts';

/** Milliseconds by which a flush may delay the end of the process. */
const FLUSH_MILLIS = 2000;

/** Delivers the telemetry of the SDK that `/register` has started when the process ends. */
export function flushSdkAtEnd(sdk: Peer, exports: readonly TrackedExport[], lastBatch: LastBatchChild): void {
  flushAtEnd({
    flushMillis: FLUSH_MILLIS,
    endedSpans: () => exports.reduce((sum, { ended }) => sum + ended, 0),
    flush: () =>
      Promise.allSettled([...exports, metrics.getMeterProvider(), loggerProvider(sdk)].map((part) => flush(part))),
    settle: (mayWait) => settle(exports, mayWait ? lastBatch : undefined),
  });
}

async function flush(part: object | undefined): Promise<void> {
  await (part as { forceFlush?(): Promise<void> } | undefined)?.forceFlush?.();
}

function loggerProvider(sdk: Peer): object | undefined {
  try {
    const { logs } = loadPeer(['@opentelemetry/api-logs'], PURPOSE, sdk).exports as {
      logs: { getLoggerProvider(): object };
    };
    return logs.getLoggerProvider();
  } catch {
    return undefined;
  }
}

/** Sends spans that no flush has reached, and reports those that are lost. */
function settle(exports: readonly TrackedExport[], lastBatch: LastBatchChild | undefined): void {
  const left = exports
    .map(({ name, isFailing, unsettled }) => ({ exporter: name, isFailing, spans: unsettled }))
    .filter(({ spans }) => spans.length > 0);
  const sendable = left.filter(({ isFailing }) => !isFailing);
  const sent = lastBatch && sendable.length > 0 ? sendInChild(lastBatch, sendable) : [];
  const lost = left.filter(({ exporter }) => !sent.includes(exporter));
  if (lost.length === 0) return;
  const counts = lost.map(({ exporter, spans }) => `${spans.length} for ${exporter}`).join(', ');
  diag.warn(
    `@hatchet-ts/sdk-otel: the process ended before all spans were delivered; they are lost (${counts}); check that the receiver answers`,
  );
}

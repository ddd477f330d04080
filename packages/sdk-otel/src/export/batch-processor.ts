import type { Context } from '@opentelemetry/api';
import type { StartedSpan } from '../context/span-processor.ts';
import { type FoundPeer, loadPeer, type Peer } from './optional-peer.ts';

/** Part of a finished span that a filter uses. */
export interface ExportableSpan {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Span processor for an SDK of the 2.x or 3.x line. */
export interface HatchetExportProcessor {
  onStart(span: StartedSpan, parentContext: Context): void;
  onEnd(span: ExportableSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Creates the SDK's `BatchSpanProcessor`. The two lines have it in two packages, and the newer one takes one argument. */
export function createBatchProcessor(
  exporter: object,
  batching: object,
  purpose: string,
  through?: FoundPeer,
): HatchetExportProcessor {
  const { name, exports } = loadTraceSdk(purpose, through);
  const { BatchSpanProcessor } = exports as {
    BatchSpanProcessor: new (first: object, second?: object) => HatchetExportProcessor;
  };
  return name === NEWER
    ? new BatchSpanProcessor({ exporter, ...batching })
    : new BatchSpanProcessor(exporter, batching);
}

/** @throws MissingPeerError with the package to install */
export function loadTraceSdk(purpose: string, through?: FoundPeer): Peer {
  return loadPeer([NEWER, '@opentelemetry/sdk-trace-base'], purpose, through);
}

const NEWER = '@opentelemetry/sdk-trace';

import { type Tracer, trace } from '@opentelemetry/api';
import manifest from '../package.json' with { type: 'json' };
import type { ServerTelemetry } from './server-telemetry.ts';
import type { PresetIds } from './spans/preset-ids.ts';

/** Scope of every span that this package makes. */
export const SCOPE: { readonly name: string; readonly version: string } = {
  name: manifest.name,
  version: manifest.version,
};

/** What the span helpers need of the telemetry that runs in this process. */
export interface ProcessTelemetry {
  readonly telemetry: ServerTelemetry;
  /** Absent when tracing is off. */
  readonly tracing?: {
    readonly tracer: Tracer;
    readonly ids: PresetIds;
    isSampled(traceId: string): boolean;
  };
}

/**
 * The telemetry that was started here, if any. It hangs on the process and not on this module: an
 * application may load the package twice, as ESM by `--import` and as CommonJS by `require`.
 */
export function processTelemetry(): ProcessTelemetry | undefined {
  return holder[KEY];
}

export function setProcessTelemetry(running: ProcessTelemetry | undefined): void {
  holder[KEY] = running;
}

/** Our tracer, or the one that the process registered by other means, or the API's no-op. */
export function serverTracer(): Tracer {
  return holder[KEY]?.tracing?.tracer ?? trace.getTracer(SCOPE.name, SCOPE.version);
}

const KEY = Symbol.for('@hatchet-ts/server-otel');
const holder = globalThis as { [KEY]?: ProcessTelemetry | undefined };

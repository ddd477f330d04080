import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterEach, type Mock, vi } from 'vitest';
import { AttemptMemory } from '../attempts/attempt-memory.ts';
import { settingsOf } from '../configuration/settings.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { Recorder } from './recorder.ts';

/** Creates the telemetry of an instrumentor with default settings. */
export function createTelemetry({ provider }: Pick<Recorder, 'provider'>): Telemetry {
  return {
    enabled: true,
    tracing: true,
    metrics: undefined,
    workers: new Set(),
    flush: async () => undefined,
    tracer: provider.getTracer('test'),
    settings: settingsOf({}, {}),
    attempts: new AttemptMemory(),
  };
}

/** Diagnostic messages of the package under test. */
export interface DiagLog {
  readonly error: Mock;
  readonly warn: Mock;
}

/** Captures the errors and warnings of `diag` in a test file; forgets them after each test. */
export function captureDiag(): DiagLog {
  const log = { error: vi.fn(), warn: vi.fn() };
  diag.setLogger({ ...log, info: vi.fn(), debug: vi.fn(), verbose: vi.fn() }, DiagLogLevel.WARN);
  afterEach(() => {
    log.error.mockClear();
    log.warn.mockClear();
  });
  return log;
}

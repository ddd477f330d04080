import { isSecondSdk } from '@hatchet-ts/internal/second-sdk';
import { DiagConsoleLogger, type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Environment } from './span-exporters.ts';

/** Logs to the console at `OTEL_LOG_LEVEL`. No application code can have set a logger yet. */
export function logToConsole({ OTEL_LOG_LEVEL = '' }: Environment): void {
  const levels: Readonly<Record<string, unknown>> = DiagLogLevel;
  const level = levels[OTEL_LOG_LEVEL.trim().toUpperCase()];
  diag.setLogger(withoutRegistrationErrors(new DiagConsoleLogger()), {
    logLevel: typeof level === 'number' ? level : DiagLogLevel.WARN,
    suppressOverrideMessage: true,
  });
}

/**
 * Replaces the errors of a second SDK, one with a stack trace for each API that it tries to register, by one warning.
 */
function withoutRegistrationErrors(logger: DiagLogger): DiagLogger {
  let isReported = false;
  const filtered =
    (method: 'error' | 'warn'): DiagLogger['error'] =>
    (message, ...details) => {
      if (!isSecondSdk(message)) logger[method](message, ...details);
      else if (!isReported) {
        isReported = true;
        logger.warn(
          '@hatchet-ts/sdk-otel: the application has started another OpenTelemetry SDK; that one is not used and exports no traces; remove it, or remove /register and call new HatchetInstrumentor()',
        );
      }
    };
  return { ...logger, error: filtered('error'), warn: filtered('warn') };
}

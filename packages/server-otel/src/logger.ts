import { isSecondSdk } from '@hatchet-ts/internal/second-sdk';
import { DiagLogLevel, diag } from '@opentelemetry/api';

/** Logger of the telemetry itself; a pino logger fits as it is. */
export interface TelemetryLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Default logger: standard error, so that standard output stays the application's. */
export const STANDARD_ERROR: TelemetryLogger = {
  info: (fields, message) => console.error(message, fields),
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
};

/** Wraps a logger of the application: if it throws, the line is lost, and neither a request nor the export is harmed. */
export function safeLogger(logger: TelemetryLogger): TelemetryLogger {
  const safe = (level: keyof TelemetryLogger) => (fields: object, message: string) => {
    try {
      logger[level](fields, message);
    } catch {
      // There is nowhere to report it.
    }
  };
  return { info: safe('info'), warn: safe('warn'), error: safe('error') };
}

export type LogLevel = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';

/** Interval in which a message is logged at most once: some recur with every batch. */
const REPEAT_MILLIS = 60_000;

/** Forwards OpenTelemetry's own diagnostics to `logger`. */
export function forwardDiagnostics(logger: TelemetryLogger, level: LogLevel): void {
  const logged = new Map<string, number>();
  let hasSecondSdk = false;
  const forward =
    (method: 'info' | 'warn' | 'error') =>
    (message: string, ...details: unknown[]) => {
      if (isSecondSdk(message)) {
        if (!hasSecondSdk) logger.warn({}, SECOND_SDK);
        hasSecondSdk = true;
        return;
      }
      const now = Date.now();
      if (now - (logged.get(message) ?? Number.NEGATIVE_INFINITY) < REPEAT_MILLIS) return;
      if (logged.size >= 100) logged.clear();
      logged.set(message, now);
      logger[method](details.length > 0 ? { details: details.map(String) } : {}, `OpenTelemetry: ${message}`);
    };
  diag.setLogger(
    {
      error: forward('error'),
      warn: forward('warn'),
      info: forward('info'),
      debug: forward('info'),
      verbose: forward('info'),
    },
    { logLevel: LEVELS[level], suppressOverrideMessage: true },
  );
}

const SECOND_SDK =
  'another OpenTelemetry SDK was started in this process; it is not used and exports nothing; start only one of the two';

const LEVELS: Readonly<Record<LogLevel, DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
};

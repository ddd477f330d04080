import { DiagLogLevel, diag } from '@opentelemetry/api';

/** Where the few lines go that telemetry has to say about itself; a pino logger fits as it is. */
export interface TelemetryLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** For applications that pass no logger of their own: standard error, so that standard output stays theirs. */
export const STANDARD_ERROR: TelemetryLogger = {
  info: (fields, message) => console.error(message, fields),
  warn: (fields, message) => console.error(message, fields),
  error: (fields, message) => console.error(message, fields),
};

export type LogLevel = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';

/** The same message is said at most once in this time: some are said for every batch. */
const REPEAT_MILLIS = 60_000;

/** Sends what OpenTelemetry reports about itself to `logger`. */
export function forwardDiagnostics(logger: TelemetryLogger, level: LogLevel): void {
  const said = new Map<string, number>();
  const forward =
    (say: 'info' | 'warn' | 'error') =>
    (message: string, ...details: unknown[]) => {
      const now = Date.now();
      if (now - (said.get(message) ?? Number.NEGATIVE_INFINITY) < REPEAT_MILLIS) return;
      if (said.size >= 100) said.clear();
      said.set(message, now);
      logger[say](details.length > 0 ? { details: details.map(String) } : {}, `OpenTelemetry: ${message}`);
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

const LEVELS: Readonly<Record<LogLevel, DiagLogLevel>> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
};

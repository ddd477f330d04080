import type { z } from 'zod';
import type { LogLevel } from '../logger.ts';
import type { Endpoint } from './endpoint.ts';

/** One thing that an operator can set. Code, `check` and documentation are made from these rows. */
export interface Setting<T> {
  readonly variable: string;
  /** Where it stands in `server.yaml`; what has none is read from the environment only. */
  readonly yaml?: string;
  /** What a row of the documentation says. */
  readonly description: string;
  /** As the documentation shows it; the schema's own default is the one that counts. */
  readonly default: string;
  /** Ends the sentence "expected …" when the value is refused. */
  readonly expected: string;
  /** Never shown, also not in an error. */
  readonly secret?: true;
  /** Reads the text that was written; undefined when nothing was, or the empty string. */
  readonly schema: z.ZodType<T, string | undefined>;
}

export type Compression = 'none' | 'gzip';

/** The values of all settings. */
export interface Configuration {
  /** Absent: nothing is exported. */
  readonly collector: Endpoint | undefined;
  readonly serviceName: string;
  readonly traceIdRatio: number;
  readonly insecure: boolean;
  /** Value of the `Authorization` header. */
  readonly collectorAuth: string | undefined;
  /** Path of a file with that value. */
  readonly collectorAuthFile: string | undefined;
  readonly metricsEnabled: boolean;
  readonly metricsIntervalMillis: number;
  readonly tlsRootCaFile: string | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly compression: Compression;
  /** Spans. */
  readonly queueSize: number;
  readonly shutdownTimeoutMillis: number;
  readonly podName: string | undefined;
  readonly podNamespace: string | undefined;
  readonly sdkDisabled: boolean;
  readonly logLevel: LogLevel;
  readonly resourceAttributes: Readonly<Record<string, string>>;
}

export type SettingName = keyof Configuration;

import { z } from 'zod';
import type { LogLevel } from '../logger.ts';
import type { Endpoint } from './endpoint.ts';
import { type HttpProxy, parseNoProxy } from './proxy.ts';
import * as values from './values.ts';

/** One setting. Code, `check` and documentation are made from these rows. */
export interface Setting<T> {
  readonly variable: string;
  /** Another spelling of the variable, read if that one is not set. */
  readonly alias?: string;
  /** Path in `server.yaml`; without it, the setting is read from the environment only. */
  readonly yaml?: string;
  /** Text of the documentation. */
  readonly description: string;
  /** Default for the documentation; the schema has the effective one. */
  readonly default: string;
  /** Completes the sentence "expected …" if the value is invalid. */
  readonly expected: string;
  /** Hidden everywhere, including errors. */
  readonly secret?: true;
  /** Parses the text of the setting; undefined if it is not set or empty. */
  readonly schema: z.ZodType<T, string | undefined>;
}

export type Compression = 'none' | 'gzip';

/** Values of all settings. */
export interface Configuration {
  /** Undefined: nothing is exported. */
  readonly collector: Endpoint | undefined;
  readonly serviceName: string;
  readonly traceIdRatio: number;
  readonly insecure: boolean;
  /** Value of the `Authorization` header. */
  readonly collectorAuth: string | undefined;
  /** Path of a file with the header's value. */
  readonly collectorAuthFile: string | undefined;
  readonly metricsEnabled: boolean;
  readonly metricsIntervalMillis: number;
  readonly tlsRootCaFile: string | undefined;
  readonly tlsCertFile: string | undefined;
  readonly tlsKeyFile: string | undefined;
  readonly tlsServerName: string | undefined;
  readonly compression: Compression;
  /** Largest number of queued spans. */
  readonly queueSize: number;
  readonly shutdownTimeoutMillis: number;
  readonly httpsProxy: HttpProxy | undefined;
  /** Entries of `NO_PROXY`. */
  readonly noProxy: readonly string[];
  readonly podName: string | undefined;
  readonly podNamespace: string | undefined;
  readonly sdkDisabled: boolean;
  readonly logLevel: LogLevel;
  readonly resourceAttributes: Readonly<Record<string, string>>;
}

export type SettingName = keyof Configuration;

/** Table of all settings, in the order of the documentation. */
export const SETTINGS: { readonly [Name in keyof Configuration]: Setting<Configuration[Name]> } = {
  collector: {
    variable: 'SERVER_OTEL_COLLECTOR_URL',
    yaml: 'otel.collectorURL',
    description: 'address of the collector, `host:port` (OTLP over gRPC, IPv6 in brackets); empty turns the export off',
    default: '(empty)',
    expected: 'host:port',
    schema: values.endpoint().optional(),
  },
  serviceName: {
    variable: 'SERVER_OTEL_SERVICE_NAME',
    yaml: 'otel.serviceName',
    description: '`service.name` of the exported telemetry',
    default: 'server',
    expected: 'a name that is not blank, for example engine',
    schema: z.string().trim().min(1).default('server'),
  },
  traceIdRatio: {
    variable: 'SERVER_OTEL_TRACE_ID_RATIO',
    yaml: 'otel.traceIdRatio',
    description:
      'share of the traces that this service exports, 0 to 1; the same traces as Hatchet’s own services choose',
    default: '1',
    expected: 'a number from 0 to 1, for example 0.25',
    schema: values.ratio().default(1),
  },
  insecure: {
    variable: 'SERVER_OTEL_INSECURE',
    yaml: 'otel.insecure',
    description: 'plaintext instead of TLS',
    default: 'false',
    expected: 'true or false',
    schema: values.boolean().default(false),
  },
  collectorAuth: {
    variable: 'SERVER_OTEL_COLLECTOR_AUTH',
    yaml: 'otel.collectorAuth',
    description: 'value of the `Authorization` header, for example `Bearer …`; empty sends no header',
    default: '(empty)',
    expected: 'one line of printable ASCII characters',
    secret: true,
    schema: values.headerValue().optional(),
  },
  collectorAuthFile: {
    variable: 'SERVER_OTEL_COLLECTOR_AUTH_FILE',
    yaml: 'otel.collectorAuthFile',
    description: 'file with that value, read again when it changes; not together with `SERVER_OTEL_COLLECTOR_AUTH`',
    default: '(empty)',
    expected: 'the path of a file, for example /var/run/secrets/otel-token',
    schema: values.filePath().optional(),
  },
  metricsEnabled: {
    variable: 'SERVER_OTEL_METRICS_ENABLED',
    yaml: 'otel.metricsEnabled',
    description: 'exports metrics to the same collector',
    default: 'false',
    expected: 'true or false',
    schema: values.boolean().default(false),
  },
  metricsIntervalMillis: {
    variable: 'SERVER_OTEL_METRICS_INTERVAL',
    yaml: 'otel.metricsInterval',
    description: 'interval of the metrics export',
    default: '3s',
    expected: 'a duration from 100ms to 1h, such as 3s or 1m30s',
    schema: values.duration({ min: 100, max: 3_600_000 }).default(3000),
  },
  tlsRootCaFile: {
    variable: 'SERVER_OTEL_TLS_ROOT_CA_FILE',
    yaml: 'otel.tls.rootCAFile',
    description: 'PEM certificates of the trusted authorities; empty: those of the system',
    default: '(empty)',
    expected: 'the path of a file in PEM format',
    schema: values.filePath().optional(),
  },
  tlsCertFile: {
    variable: 'SERVER_OTEL_TLS_CERT_FILE',
    yaml: 'otel.tls.certFile',
    description: 'PEM client certificate (mutual TLS)',
    default: '(empty)',
    expected: 'the path of a file in PEM format',
    schema: values.filePath().optional(),
  },
  tlsKeyFile: {
    variable: 'SERVER_OTEL_TLS_KEY_FILE',
    yaml: 'otel.tls.keyFile',
    description: 'PEM private key of the client certificate, not encrypted',
    default: '(empty)',
    expected: 'the path of a file in PEM format',
    schema: values.filePath().optional(),
  },
  tlsServerName: {
    variable: 'SERVER_OTEL_TLS_SERVER_NAME',
    yaml: 'otel.tls.serverName',
    description: 'name expected in the collector’s certificate; empty: the host of the URL',
    default: '(empty)',
    expected: 'a host name, for example collector.example.com',
    schema: values.hostName().optional(),
  },
  compression: {
    variable: 'SERVER_OTEL_COMPRESSION',
    yaml: 'otel.compression',
    description: '`none` or `gzip`',
    default: 'none',
    expected: 'none or gzip',
    schema: z
      .string()
      .trim()
      .toLowerCase()
      .pipe(z.enum(['none', 'gzip']))
      .default('none'),
  },
  queueSize: {
    variable: 'SERVER_OTEL_QUEUE_SIZE',
    yaml: 'otel.queueSize',
    description: 'limit of queued spans, for example while the collector is unavailable, 512 to 1048576',
    default: '65536',
    expected: 'a whole number from 512 to 1048576',
    schema: values.wholeNumber(512, 1_048_576).default(65_536),
  },
  shutdownTimeoutMillis: {
    variable: 'SERVER_OTEL_SHUTDOWN_TIMEOUT',
    yaml: 'otel.shutdownTimeout',
    description: 'time that `shutdown()` may take to deliver queued spans',
    default: '5s',
    expected: 'a duration from 0s to 1h, such as 500ms, 5s or 1m30s',
    schema: values.duration({ min: 0, max: 3_600_000 }).default(5000),
  },
  httpsProxy: {
    variable: 'HTTPS_PROXY',
    alias: 'https_proxy',
    description:
      'HTTP proxy to the collector, `http://user:password@host:port`; never for `localhost` or loopback addresses',
    default: '(empty)',
    expected: 'http://host:port',
    schema: values.proxy().optional(),
  },
  noProxy: {
    variable: 'NO_PROXY',
    alias: 'no_proxy',
    description: 'hosts without the proxy: names (with subdomains), addresses, CIDR ranges or `*`, separated by commas',
    default: '(empty)',
    expected: 'names, IP addresses or CIDR ranges, separated by commas',
    schema: z.string().transform(parseNoProxy).default([]),
  },
  podName: {
    variable: 'K8S_POD_NAME',
    description: '`k8s.pod.name`, from the downward API',
    default: '(empty)',
    expected: 'a name, for example engine-7',
    schema: z.string().optional(),
  },
  podNamespace: {
    variable: 'K8S_POD_NAMESPACE',
    description: '`k8s.namespace.name`, from the downward API',
    default: '(empty)',
    expected: 'a name, for example engine-7',
    schema: z.string().optional(),
  },
  sdkDisabled: {
    variable: 'OTEL_SDK_DISABLED',
    description: 'turns the export off, whatever else is set',
    default: 'false',
    expected: 'true or false',
    schema: values.otelBoolean().default(false),
  },
  logLevel: {
    variable: 'OTEL_LOG_LEVEL',
    description: 'level of OpenTelemetry’s own diagnostics: `none`, `error`, `warn`, `info`, `debug`, `verbose`, `all`',
    default: 'warn',
    expected: 'one of none, error, warn, info, debug, verbose, all',
    schema: z
      .string()
      .trim()
      .toLowerCase()
      .pipe(z.enum(['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all']))
      .default('warn'),
  },
  resourceAttributes: {
    variable: 'OTEL_RESOURCE_ATTRIBUTES',
    description: 'additional resource attributes, `key=value,…` with percent-encoding; `service.name` is ignored',
    default: '(empty)',
    expected: 'key=value pairs separated by commas, special characters percent-encoded',
    schema: values.resourceAttributes().default({}),
  },
};

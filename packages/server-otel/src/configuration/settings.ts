import { z } from 'zod';
import type { Configuration, Setting } from './setting.ts';
import * as values from './values.ts';

/** Everything that an operator can set, in the order of the documentation. */
export const SETTINGS: { readonly [Name in keyof Configuration]: Setting<Configuration[Name]> } = {
  collector: {
    variable: 'SERVER_OTEL_COLLECTOR_URL',
    yaml: 'otel.collectorURL',
    description: 'where spans go, `host:port` (OTLP over gRPC, IPv6 in brackets); empty switches the export off',
    default: '(empty)',
    expected: 'host:port',
    schema: values.endpoint().optional(),
  },
  serviceName: {
    variable: 'SERVER_OTEL_SERVICE_NAME',
    yaml: 'otel.serviceName',
    description: '`service.name` of everything that is exported',
    default: 'server',
    expected: 'a name that is not blank',
    schema: z.string().trim().min(1).default('server'),
  },
  traceIdRatio: {
    variable: 'SERVER_OTEL_TRACE_ID_RATIO',
    yaml: 'otel.traceIdRatio',
    description: 'share of the traces that this service exports, 0 to 1; decided as in Hatchet’s own services',
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
    description: 'value of the `Authorization` header, for example `Bearer …`; empty sends none',
    default: '(empty)',
    expected: 'one line of printable ASCII characters',
    secret: true,
    schema: values.headerValue().optional(),
  },
  collectorAuthFile: {
    variable: 'SERVER_OTEL_COLLECTOR_AUTH_FILE',
    yaml: 'otel.collectorAuthFile',
    description: 'a file with that value, read again when it changes; not together with the one above',
    default: '(empty)',
    expected: 'the path of a file',
    schema: values.filePath().optional(),
  },
  metricsEnabled: {
    variable: 'SERVER_OTEL_METRICS_ENABLED',
    yaml: 'otel.metricsEnabled',
    description: 'metrics to the same collector',
    default: 'false',
    expected: 'true or false',
    schema: values.boolean().default(false),
  },
  metricsIntervalMillis: {
    variable: 'SERVER_OTEL_METRICS_INTERVAL',
    yaml: 'otel.metricsInterval',
    description: 'how often they go out',
    default: '3s',
    expected: 'a duration from 100ms to 1h, such as 3s or 1m30s',
    schema: values.duration({ min: 100, max: 3_600_000 }).default(3000),
  },
  tlsRootCaFile: {
    variable: 'SERVER_OTEL_TLS_ROOT_CA_FILE',
    yaml: 'otel.tls.rootCAFile',
    description: 'PEM certificates of the authorities that are trusted; empty: those of the system',
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
    description: 'PEM private key of that certificate, not encrypted',
    default: '(empty)',
    expected: 'the path of a file in PEM format',
    schema: values.filePath().optional(),
  },
  tlsServerName: {
    variable: 'SERVER_OTEL_TLS_SERVER_NAME',
    yaml: 'otel.tls.serverName',
    description: 'name that the collector’s certificate must have; empty: the host of the URL',
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
    description: 'spans kept while the collector is away, 512 to 1048576',
    default: '65536',
    expected: 'a whole number from 512 to 1048576',
    schema: values.wholeNumber(512, 1_048_576).default(65_536),
  },
  shutdownTimeoutMillis: {
    variable: 'SERVER_OTEL_SHUTDOWN_TIMEOUT',
    yaml: 'otel.shutdownTimeout',
    description: 'how long `shutdown()` may deliver what is queued',
    default: '5s',
    expected: 'a duration from 0s to 1h, such as 500ms, 5s or 1m30s',
    schema: values.duration({ min: 0, max: 3_600_000 }).default(5000),
  },
  podName: {
    variable: 'K8S_POD_NAME',
    description: '`k8s.pod.name`, from the downward API',
    default: '(empty)',
    expected: 'a name',
    schema: z.string().optional(),
  },
  podNamespace: {
    variable: 'K8S_POD_NAMESPACE',
    description: '`k8s.namespace.name`, from the downward API',
    default: '(empty)',
    expected: 'a name',
    schema: z.string().optional(),
  },
  sdkDisabled: {
    variable: 'OTEL_SDK_DISABLED',
    description: 'switches the export off, whatever else is set',
    default: 'false',
    expected: 'true or false',
    schema: values.boolean().default(false),
  },
  logLevel: {
    variable: 'OTEL_LOG_LEVEL',
    description: 'how much OpenTelemetry says about itself',
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
    description: 'more resource attributes, `key=value,…` with percent-encoding; never `service.name`',
    default: '(empty)',
    expected: 'key=value pairs separated by commas, special characters percent-encoded',
    schema: values.resourceAttributes().default({}),
  },
};

import { z } from 'zod';
import type { LogLevel } from '../logger.ts';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { parseResourceAttributes } from './resource-attributes.ts';

/** One thing that an operator can set. Code, check and documentation are made from these rows. */
export interface Setting<T> {
  readonly variable: string;
  /** What a row of the documentation says. */
  readonly description: string;
  /** As the documentation shows it; the schema's own default is the one that counts. */
  readonly default: string;
  /** Ends the sentence "expected …" when the value is refused. */
  readonly expected: string;
  /** Never shown, also not in an error. */
  readonly secret?: true;
  /** Reads the text of the variable; undefined when it is not set or empty. */
  readonly schema: z.ZodType<T, string | undefined>;
}

/** The values of all settings. */
export interface Configuration {
  /** Absent: nothing is exported. */
  readonly collector: Endpoint | undefined;
  readonly serviceName: string;
  readonly traceIdRatio: number;
  readonly insecure: boolean;
  readonly collectorAuth: string | undefined;
  readonly metricsEnabled: boolean;
  readonly shutdownTimeoutMillis: number;
  readonly podName: string | undefined;
  readonly podNamespace: string | undefined;
  readonly sdkDisabled: boolean;
  readonly logLevel: LogLevel;
  readonly resourceAttributes: Readonly<Record<string, string>>;
}

/** Everything that is read from the environment. */
export const SETTINGS: { readonly [Name in keyof Configuration]: Setting<Configuration[Name]> } = {
  collector: {
    variable: 'SERVER_OTEL_COLLECTOR_URL',
    description: 'Where spans go, as `host:port` (OTLP over gRPC); empty switches the export off',
    default: '(empty)',
    expected: 'host:port',
    schema: z.string().transform(endpoint).optional(),
  },
  serviceName: {
    variable: 'SERVER_OTEL_SERVICE_NAME',
    description: '`service.name` of everything that is exported',
    default: 'server',
    expected: 'a name that is not blank',
    schema: z.string().trim().min(1).default('server'),
  },
  traceIdRatio: {
    variable: 'SERVER_OTEL_TRACE_ID_RATIO',
    description: 'Share of the traces that this service exports; the decision is that of Hatchet’s own services',
    default: '1',
    expected: 'a number from 0 to 1, for example 0.25',
    schema: z
      .string()
      .regex(/^\s*(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i)
      .transform(Number)
      .pipe(z.number().min(0).max(1))
      .default(1),
  },
  insecure: {
    variable: 'SERVER_OTEL_INSECURE',
    description: 'Plaintext instead of TLS to the collector',
    default: 'false',
    expected: 'true or false',
    schema: boolean().default(false),
  },
  collectorAuth: {
    variable: 'SERVER_OTEL_COLLECTOR_AUTH',
    description: 'Value of the `Authorization` header, for example `Bearer …`; empty sends none',
    default: '(empty)',
    expected: 'one line of printable ASCII characters',
    secret: true,
    // What HTTP/2 header values may hold; anything else would fail with the first export.
    schema: z
      .string()
      .trim()
      .regex(/^[\x20-\x7e]*$/)
      .optional(),
  },
  metricsEnabled: {
    variable: 'SERVER_OTEL_METRICS_ENABLED',
    description: 'Sends metrics to the same collector, every 3 seconds',
    default: 'false',
    expected: 'true or false',
    schema: boolean().default(false),
  },
  shutdownTimeoutMillis: {
    variable: 'SERVER_OTEL_SHUTDOWN_TIMEOUT',
    description: 'How long `shutdown()` may deliver what is queued',
    default: '5s',
    expected: 'a duration such as 500ms, 5s or 1m',
    schema: duration().default(5000),
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
    description: 'Switches the export off, whatever else is set',
    default: 'false',
    expected: 'true or false',
    schema: boolean().default(false),
  },
  logLevel: {
    variable: 'OTEL_LOG_LEVEL',
    description: 'How much OpenTelemetry says about itself',
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
    description: 'More resource attributes, `key=value,…` with percent-encoding; its `service.name` is not used',
    default: '(empty)',
    expected: 'key=value pairs separated by commas, special characters percent-encoded',
    schema: z.string().transform(attributes).default({}),
  },
};

function boolean(): z.ZodType<boolean, string> {
  return z
    .string()
    .trim()
    .pipe(z.stringbool({ truthy: ['true', '1', 'yes', 'on'], falsy: ['false', '0', 'no', 'off'] }));
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

function duration(): z.ZodType<number, string> {
  return z.string().transform((text, ctx) => {
    const [, amount, unit] = /^\s*(\d+(?:\.\d+)?)(ms|s|m)\s*$/.exec(text) ?? [];
    if (amount !== undefined && unit !== undefined) return Number(amount) * (MILLISECONDS[unit] ?? 0);
    ctx.addIssue({ code: 'custom' });
    return z.NEVER;
  });
}

function endpoint(text: string, ctx: z.RefinementCtx): Endpoint {
  const parsed = parseEndpoint(text.trim());
  if (!('problem' in parsed)) return parsed;
  ctx.addIssue({ code: 'custom', params: { expected: parsed.problem } });
  return z.NEVER;
}

function attributes(text: string, ctx: z.RefinementCtx): Readonly<Record<string, string>> {
  const parsed = parseResourceAttributes(text);
  if (parsed !== undefined) return parsed;
  ctx.addIssue({ code: 'custom' });
  return z.NEVER;
}

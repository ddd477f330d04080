import { describe, expect, it } from 'vitest';
import { ServerTelemetryConfigError } from './config-error.ts';
import { readConfiguration, unknownVariables } from './read-configuration.ts';
import { SETTINGS } from './settings.ts';

function problemsOf(env: Record<string, string>): string[] {
  try {
    readConfiguration(env);
    return [];
  } catch (error) {
    if (!(error instanceof ServerTelemetryConfigError)) throw error;
    return error.message.split('\n');
  }
}

describe('readConfiguration', () => {
  it('has the defaults of the documentation, also for variables that are empty', () => {
    const defaults = {
      collector: undefined,
      serviceName: 'server',
      traceIdRatio: 1,
      insecure: false,
      collectorAuth: undefined,
      metricsEnabled: false,
      shutdownTimeoutMillis: 5000,
      podName: undefined,
      podNamespace: undefined,
      sdkDisabled: false,
      logLevel: 'warn',
      resourceAttributes: {},
    };
    expect(readConfiguration({})).toEqual(defaults);
    const empty = Object.fromEntries(Object.values(SETTINGS).map(({ variable }) => [variable, '']));
    expect(readConfiguration(empty)).toEqual(defaults);
  });

  it.each([
    ['SERVER_OTEL_COLLECTOR_URL', 'collector.example:4317', { collector: { host: 'collector.example', port: 4317 } }],
    ['SERVER_OTEL_COLLECTOR_URL', ' 10.0.0.1:80 ', { collector: { host: '10.0.0.1', port: 80 } }],
    ['SERVER_OTEL_COLLECTOR_URL', '[2001:db8::1]:4317', { collector: { host: '2001:db8::1', port: 4317 } }],
    ['SERVER_OTEL_SERVICE_NAME', ' engine ', { serviceName: 'engine' }],
    ['SERVER_OTEL_TRACE_ID_RATIO', '0', { traceIdRatio: 0 }],
    ['SERVER_OTEL_TRACE_ID_RATIO', '.5', { traceIdRatio: 0.5 }],
    ['SERVER_OTEL_TRACE_ID_RATIO', '1e-3', { traceIdRatio: 0.001 }],
    ['SERVER_OTEL_INSECURE', 'TRUE', { insecure: true }],
    ['SERVER_OTEL_INSECURE', '1', { insecure: true }],
    ['SERVER_OTEL_INSECURE', 'Yes', { insecure: true }],
    ['SERVER_OTEL_INSECURE', 'on', { insecure: true }],
    ['SERVER_OTEL_INSECURE', 'Off', { insecure: false }],
    ['SERVER_OTEL_METRICS_ENABLED', '0', { metricsEnabled: false }],
    ['SERVER_OTEL_METRICS_ENABLED', 'true', { metricsEnabled: true }],
    ['SERVER_OTEL_COLLECTOR_AUTH', 'Bearer abc=', { collectorAuth: 'Bearer abc=' }],
    ['SERVER_OTEL_SHUTDOWN_TIMEOUT', '1.5s', { shutdownTimeoutMillis: 1500 }],
    ['SERVER_OTEL_SHUTDOWN_TIMEOUT', '250ms', { shutdownTimeoutMillis: 250 }],
    ['SERVER_OTEL_SHUTDOWN_TIMEOUT', '1m', { shutdownTimeoutMillis: 60_000 }],
    ['OTEL_SDK_DISABLED', 'true', { sdkDisabled: true }],
    ['OTEL_LOG_LEVEL', 'DEBUG', { logLevel: 'debug' }],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=1,b=x%2Cy, c = z ', { resourceAttributes: { a: '1', b: 'x,y', c: 'z' } }],
    ['OTEL_RESOURCE_ATTRIBUTES', 'service.name=no,a=', { resourceAttributes: { a: '' } }],
  ])('reads %s=%s', (variable, text, expected) => {
    expect(readConfiguration({ [variable]: text })).toMatchObject(expected);
  });

  it.each([
    ['SERVER_OTEL_COLLECTOR_URL', 'https://collector:4317', 'host:port without a scheme: write collector:4317'],
    [
      'SERVER_OTEL_COLLECTOR_URL',
      'http://collector:4317/v1/traces',
      'host:port without a scheme: write collector:4317 and SERVER_OTEL_INSECURE=true for plaintext',
    ],
    [
      'SERVER_OTEL_COLLECTOR_URL',
      'collector:4317/v1/traces',
      'without a path, as for OTLP over gRPC: write collector:4317',
    ],
    ['SERVER_OTEL_COLLECTOR_URL', 'collector', 'host:port: write collector:4317'],
    ['SERVER_OTEL_COLLECTOR_URL', '::1', 'an IPv6 address in brackets: write [::1]:4317'],
    ['SERVER_OTEL_COLLECTOR_URL', '::1:4317', 'an IPv6 address in brackets: write [::1]:4317'],
    ['SERVER_OTEL_COLLECTOR_URL', 'collector:0', 'a port from 1 to 65535: write collector:4317'],
    ['SERVER_OTEL_COLLECTOR_URL', 'collector:99999', 'a port from 1 to 65535: write collector:4317'],
    ['SERVER_OTEL_COLLECTOR_URL', ':4317', 'host:port: write collector:4317'],
    ['SERVER_OTEL_SERVICE_NAME', '  ', 'a name that is not blank'],
    ['SERVER_OTEL_TRACE_ID_RATIO', '1.01', 'a number from 0 to 1, for example 0.25'],
    ['SERVER_OTEL_TRACE_ID_RATIO', '-0.1', 'a number from 0 to 1'],
    ['SERVER_OTEL_TRACE_ID_RATIO', '25%', 'a number from 0 to 1'],
    ['SERVER_OTEL_TRACE_ID_RATIO', '0,25', 'a number from 0 to 1'],
    ['SERVER_OTEL_TRACE_ID_RATIO', 'NaN', 'a number from 0 to 1'],
    ['SERVER_OTEL_TRACE_ID_RATIO', '0x1', 'a number from 0 to 1'],
    ['SERVER_OTEL_INSECURE', 'ture', 'true or false'],
    ['SERVER_OTEL_METRICS_ENABLED', '2', 'true or false'],
    ['SERVER_OTEL_SHUTDOWN_TIMEOUT', '5', 'a duration such as 500ms, 5s or 1m'],
    ['OTEL_SDK_DISABLED', 'maybe', 'true or false'],
    ['OTEL_LOG_LEVEL', 'loud', 'one of none, error, warn, info, debug, verbose, all'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=1,b', 'key=value pairs'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz', 'key=value pairs'],
  ])('refuses %s=%s and says what to write', (variable, text, expected) => {
    const problems = problemsOf({ [variable]: text });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${variable}=${text}: expected `);
    expect(problems[0]).toContain(expected);
  });

  it('finds every problem in one go', () => {
    const env = { SERVER_OTEL_COLLECTOR_URL: 'x', SERVER_OTEL_TRACE_ID_RATIO: 'y', SERVER_OTEL_INSECURE: 'z' };
    expect(problemsOf(env)).toHaveLength(3);
  });

  it('never shows a secret', () => {
    const [auth] = problemsOf({ SERVER_OTEL_COLLECTOR_AUTH: 'Bearer geheim\u00fc\nx' });
    expect(auth).toBe('SERVER_OTEL_COLLECTOR_AUTH=(hidden): expected one line of printable ASCII characters');
    const [url] = problemsOf({ SERVER_OTEL_COLLECTOR_URL: 'https://user:geheim@collector:4317' });
    expect(url).not.toContain('geheim');
    expect(problemsOf({ SERVER_OTEL_COLLECTOR_URL: 'user:geheim@collector:4317' })[0]).not.toContain('geheim');
  });
});

describe('unknownVariables', () => {
  it('names the setting that was probably meant', () => {
    const env = { SERVER_OTEL_COLLECTOR_URI: 'x', SERVER_OTEL_INSECURE: 'true', OTEL_SERVICE_NAME: 'x', PATH: '' };
    expect(unknownVariables(env)).toEqual([
      'SERVER_OTEL_COLLECTOR_URI is not a setting of this service; did you mean SERVER_OTEL_COLLECTOR_URL?',
    ]);
  });
});

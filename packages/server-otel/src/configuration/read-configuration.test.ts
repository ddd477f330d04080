import { dirname } from 'node:path';
import { CertificateAuthority } from '@hatchet-ts/trace-testing/certificates';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type TemporaryFiles, temporaryFiles } from '../testing/temporary-files.ts';
import { ServerTelemetryConfigError } from './configuration-error.ts';
import { readConfiguration } from './read-configuration.ts';
import { type Configuration, SETTINGS, type SettingName } from './settings.ts';
import type { Environment } from './written-value.ts';

let files: TemporaryFiles;
const paths: Record<string, string> = {};

beforeAll(async () => {
  files = temporaryFiles();
  const authority = await CertificateAuthority.create();
  const [one, other] = await Promise.all([authority.issue({ name: 'one' }), authority.issue({ name: 'other' })]);
  const contents = {
    '@ca': authority.certificate,
    '@cert': one.certificate,
    '@key': one.key,
    '@otherKey': other.key,
    '@encryptedKey': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n',
    '@damaged': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    '@text': 'just text\n',
    '@empty': '\n',
    '@token': 'Bearer from-file\n',
    '@twoLines': 'Bearer a\nBearer b\n',
  };
  for (const [name, content] of Object.entries(contents)) paths[name] = files.write(name.slice(1), content);
  paths['@missing'] = `${files.directory}/missing`;
  paths['@directory'] = files.directory;
});
afterAll(() => files.remove());

/** Replaces `@name` by the path of that file. */
const resolved = (text: string) => paths[text] ?? text;

function problemsOf(env: Environment): string[] {
  try {
    readConfiguration(env, '/nowhere');
    return [];
  } catch (error) {
    if (!(error instanceof ServerTelemetryConfigError)) throw error;
    return error.message.split('\n');
  }
}

/** Writes a YAML file with one key, `otel.tls.certFile: text`. */
function yamlFile(key: string, text: unknown, more: Record<string, unknown> = {}): string {
  const nested = key.split('.').reduceRight<unknown>((value, part) => ({ [part]: value }), text);
  return files.write('one-key.yaml', stringify({ ...(nested as object), ...more }));
}

const DEFAULTS: Configuration = {
  collector: undefined,
  serviceName: 'server',
  traceIdRatio: 1,
  insecure: false,
  collectorAuth: undefined,
  collectorAuthFile: undefined,
  metricsEnabled: false,
  metricsIntervalMillis: 3000,
  tlsRootCaFile: undefined,
  tlsCertFile: undefined,
  tlsKeyFile: undefined,
  tlsServerName: undefined,
  compression: 'none',
  queueSize: 65_536,
  shutdownTimeoutMillis: 5000,
  httpsProxy: undefined,
  noProxy: [],
  podName: undefined,
  podNamespace: undefined,
  sdkDisabled: false,
  logLevel: 'warn',
  resourceAttributes: {},
};

/** Valid texts of each setting and their values. */
const GOOD: { readonly [Name in SettingName]: readonly (readonly [string, Configuration[Name]])[] } = {
  collector: [
    ['collector.example:4317', { host: 'collector.example', port: 4317 }],
    [' 10.0.0.1:80 ', { host: '10.0.0.1', port: 80 }],
    ['unix:4317', { host: 'unix', port: 4317 }],
    ['dns:4317', { host: 'dns', port: 4317 }],
    ['[2001:db8::1]:4317', { host: '2001:db8::1', port: 4317 }],
  ],
  serviceName: [[' engine ', 'engine']],
  traceIdRatio: [
    ['0', 0],
    ['.5', 0.5],
    ['1e-3', 0.001],
    ['1', 1],
  ],
  insecure: [
    ['TRUE', true],
    ['t', true],
    ['1', true],
    ['Yes', true],
    ['on', true],
    ['Off', false],
    ['no', false],
    ['F', false],
  ],
  collectorAuth: [['Bearer abc=', 'Bearer abc=']],
  collectorAuthFile: [['@token', '@token']],
  metricsEnabled: [
    ['0', false],
    ['true', true],
  ],
  metricsIntervalMillis: [
    ['10s', 10_000],
    ['100ms', 100],
    ['1h', 3_600_000],
  ],
  tlsRootCaFile: [['@ca', '@ca']],
  tlsCertFile: [['@cert', '@cert']],
  tlsKeyFile: [['@key', '@key']],
  tlsServerName: [['collector.example.com', 'collector.example.com']],
  compression: [
    ['gzip', 'gzip'],
    ['NONE', 'none'],
  ],
  queueSize: [
    ['512', 512],
    ['1048576', 1_048_576],
  ],
  shutdownTimeoutMillis: [
    ['1.5s', 1500],
    ['250ms', 250],
    ['1m30s', 90_000],
    ['0s', 0],
  ],
  httpsProxy: [],
  noProxy: [[' .Example.com, 10.0.0.0/8 ,,', ['.example.com', '10.0.0.0/8']]],
  podName: [['engine-7', 'engine-7']],
  podNamespace: [['hatchet', 'hatchet']],
  sdkDisabled: [
    ['True', true],
    ['false', false],
  ],
  logLevel: [['DEBUG', 'debug']],
  resourceAttributes: [
    ['a=1,b=x%2Cy, c = z ', { a: '1', b: 'x,y', c: 'z' }],
    ['service.name=no,a=', { a: '' }],
  ],
};

/** Invalid texts of each setting, and the valid value that the error describes. */
const BAD: { readonly [Name in SettingName]: readonly (readonly [string, string])[] } = {
  collector: [
    ['https://collector:4317', 'host:port without a scheme: write collector:4317'],
    ['http://collector:4317/v1/traces', 'write collector:4317 and SERVER_OTEL_INSECURE=true for plaintext'],
    ['collector:4317/v1/traces', 'without a path (OTLP over gRPC has none): write collector:4317'],
    ['collector', 'host:port: write collector:4317'],
    ['::1', 'an IPv6 address in brackets, for example [::1]:4317'],
    ['::1:4317', 'an IPv6 address in brackets, for example [::1]:4317'],
    ['collector:0', 'a port from 1 to 65535: write collector:4317'],
    ['collector:99999', 'a port from 1 to 65535: write collector:4317'],
    [':4317', 'host:port: write collector:4317'],
    ['dns:///collector:4317', 'host:port without a scheme: write collector:4317'],
    ['dns:collector:4317', 'host:port without a scheme: write collector:4317'],
    ['passthrough:///10.0.0.1:4317', 'host:port without a scheme: write 10.0.0.1:4317'],
    [
      'unix:/run/otel.sock',
      'host:port, not a Unix socket: let the OTLP/gRPC receiver of the collector listen on a port',
    ],
    ['unix:///run/otel.sock', 'not a Unix socket'],
    ['/run/otel.sock', 'and write for example localhost:4317'],
  ],
  serviceName: [['  ', 'a name that is not blank']],
  traceIdRatio: [
    ['1.01', 'a number from 0 to 1, for example 0.25'],
    ['-0.1', 'a number from 0 to 1'],
    ['25%', 'a number from 0 to 1'],
    ['0,25', 'a number from 0 to 1'],
    ['NaN', 'a number from 0 to 1'],
    ['0x1', 'a number from 0 to 1'],
  ],
  insecure: [['ture', 'true or false']],
  collectorAuth: [['Bearer schlüssel', 'one line of printable ASCII characters']],
  collectorAuthFile: [
    ['@missing', 'a readable file (no such file)'],
    ['@directory', 'a readable file (it is a directory)'],
    ['@empty', 'this file is empty'],
    ['@twoLines', 'a file with one line of printable ASCII characters'],
    ['Bearer abc', 'no such file'],
  ],
  metricsEnabled: [['2', 'true or false']],
  metricsIntervalMillis: [
    ['3', 'a duration from 100ms to 1h, such as 3s'],
    ['99ms', 'a duration from 100ms to 1h'],
    ['2h', 'a duration from 100ms to 1h'],
  ],
  tlsRootCaFile: [
    ['@missing', 'a readable file (no such file)'],
    ['@directory', 'it is a directory'],
    ['@text', 'a certificate in PEM format (-----BEGIN CERTIFICATE-----); this file has none'],
    ['@key', 'this file has none'],
    ['@damaged', 'a certificate in this file is damaged'],
    ['-----BEGIN CERTIFICATE-----MIIB', 'the path of a file in PEM format, not its content'],
  ],
  tlsCertFile: [
    ['@missing', 'no such file'],
    ['@text', 'a certificate in PEM format'],
  ],
  tlsKeyFile: [
    ['@missing', 'no such file'],
    ['@text', 'a private key in PEM format; this file has none'],
    ['@encryptedKey', 'a private key that is not encrypted'],
    ['@otherKey', 'the private key of the certificate in'],
  ],
  tlsServerName: [
    ['collector:4317', 'a host name, for example collector.example.com'],
    ['https://collector', 'a host name'],
  ],
  compression: [['zstd', 'none or gzip']],
  queueSize: [
    ['511', 'a whole number from 512 to 1048576'],
    ['1048577', 'a whole number'],
    ['1e4', 'a whole number'],
    ['-1', 'a whole number'],
  ],
  shutdownTimeoutMillis: [
    ['5', 'a duration from 0s to 1h, such as 500ms, 5s or 1m30s'],
    ['5 s', 'a duration'],
    ['-5s', 'a duration'],
    ['61m', 'a duration'],
  ],
  httpsProxy: [],
  noProxy: [],
  podName: [],
  podNamespace: [],
  sdkDisabled: [],
  logLevel: [],
  resourceAttributes: [],
};

/** Settings that another setting requires. */
const BESIDE: Partial<Record<SettingName, Record<string, string>>> = {
  tlsCertFile: { SERVER_OTEL_TLS_KEY_FILE: '@key' },
  tlsKeyFile: { SERVER_OTEL_TLS_CERT_FILE: '@cert' },
};
const beside = (name: SettingName) =>
  Object.fromEntries(Object.entries(BESIDE[name] ?? {}).map(([key, text]) => [key, resolved(text)]));

const casesOf = <T>(table: { readonly [Name in SettingName]: readonly (readonly [string, T])[] }) =>
  (Object.keys(table) as SettingName[]).flatMap((name) =>
    table[name].map(([text, expected]) => [SETTINGS[name].variable, text, expected, name] as const),
  );

describe('the settings', () => {
  it('have the documented defaults, also for empty variables', () => {
    expect(readConfiguration({}, '/nowhere').values).toEqual(DEFAULTS);
    const empty = Object.fromEntries(Object.values(SETTINGS).map(({ variable }) => [variable, '']));
    expect(readConfiguration({ ...empty, SERVER_CONFIG_FILE: '' }, '/nowhere').values).toEqual(DEFAULTS);
  });

  it.each(casesOf<unknown>(GOOD))('%s=%s is read, from a variable and from YAML', (variable, text, expected, name) => {
    const value = typeof expected === 'string' ? resolved(expected) : expected;
    const env = { [variable]: resolved(text), ...beside(name) };
    expect(readConfiguration(env, '/nowhere').values[name]).toEqual(value);
    const { yaml } = SETTINGS[name];
    if (yaml === undefined) return;
    const inFile = { SERVER_CONFIG_FILE: yamlFile(yaml, resolved(text)), ...beside(name) };
    expect(readConfiguration(inFile).values[name]).toEqual(value);
    expect(readConfiguration(inFile).origins[name]).toEqual({ from: 'file', name: yaml });
  });

  it.each(casesOf<string>(BAD))(
    '%s=%s is rejected, and the error describes a valid value',
    (variable, text, expected, name) => {
      const problems = problemsOf({ [variable]: resolved(text), ...beside(name) });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`${variable}=`);
      expect(problems[0]).toContain(': expected ');
      expect(problems[0]).toContain(expected);
      const { yaml } = SETTINGS[name];
      if (yaml === undefined) return;
      const path = yamlFile(yaml, resolved(text));
      const [inFile] = problemsOf({ SERVER_CONFIG_FILE: path, ...beside(name) });
      expect(inFile).toContain(`${path}: ${yaml}=`);
      expect(inFile).toContain(expected);
    },
  );

  it('are rejected all at once, with the value and the expected value', () => {
    const env = { SERVER_OTEL_COLLECTOR_URL: 'x', SERVER_OTEL_TRACE_ID_RATIO: 'y', SERVER_OTEL_TLS_CERT_FILE: '/none' };
    expect(problemsOf(env)).toEqual([
      'SERVER_OTEL_COLLECTOR_URL=x: expected host:port: write x:4317',
      'SERVER_OTEL_TRACE_ID_RATIO=y: expected a number from 0 to 1, for example 0.25',
      'SERVER_OTEL_TLS_CERT_FILE=/none: expected a readable file (no such file)',
      'SERVER_OTEL_TLS_CERT_FILE=/none: expected SERVER_OTEL_TLS_KEY_FILE to be set as well: a client certificate needs its private key',
    ]);
  });

  it('require a key with a client certificate, and a certificate with a key', () => {
    const key = resolved('@key');
    expect(problemsOf({ SERVER_OTEL_TLS_KEY_FILE: key })).toEqual([
      `SERVER_OTEL_TLS_KEY_FILE=${key}: expected SERVER_OTEL_TLS_CERT_FILE to be set as well: a private key needs its certificate`,
    ]);
  });

  it('accept only one source of the authorization', () => {
    const path = resolved('@token');
    const env = { SERVER_OTEL_COLLECTOR_AUTH: 'Bearer geheim', SERVER_OTEL_COLLECTOR_AUTH_FILE: path };
    expect(problemsOf(env)).toEqual([
      `SERVER_OTEL_COLLECTOR_AUTH_FILE=${path}: expected no value here or none in SERVER_OTEL_COLLECTOR_AUTH: only one of the two can be set`,
    ]);
  });
});

describe('a secret', () => {
  it.each([
    ['SERVER_OTEL_COLLECTOR_AUTH', 'Bearer geheim\u00fc\nx'],
    ['SERVER_OTEL_COLLECTOR_URL', 'https://user:geheim@collector:4317'],
    ['SERVER_OTEL_COLLECTOR_URL', 'user:geheim@collector:4317'],
    ['SERVER_OTEL_COLLECTOR_URL', 'https://collector:4317/v1?key=geheim'],
    ['SERVER_OTEL_COLLECTOR_AUTH_FILE', 'Bearer geheim'],
    ['SERVER_OTEL_TLS_KEY_FILE', '-----BEGIN PRIVATE KEY-----geheim'],
  ])('is not shown where it makes %s wrong, neither from a variable nor from YAML', (variable, text) => {
    const yaml = Object.values(SETTINGS).find((row) => row.variable === variable)?.yaml ?? '';
    for (const env of [{ [variable]: text }, { SERVER_CONFIG_FILE: yamlFile(yaml, text) }]) {
      const problems = problemsOf(env);
      expect(problems).not.toEqual([]);
      expect(problems.join()).not.toContain('geheim');
    }
  });

  it('is hidden in the error of an invalid YAML file', () => {
    const path = files.write('broken.yaml', 'otel:\n  collectorAuth: "Bearer geheim\n  insecure: [\n');
    const [problem] = problemsOf({ SERVER_CONFIG_FILE: path });
    expect(problem).toMatch(/broken\.yaml: otel=\(unreadable\): expected valid YAML: error at line \d+, column \d+/);
    expect(problem).not.toContain('geheim');
  });
});

describe('the YAML file', () => {
  const ratioOf = (env: Environment, directory?: string) => readConfiguration(env, directory).values.traceIdRatio;

  it('ranks below the environment and above the defaults', () => {
    const path = yamlFile('otel.traceIdRatio', 0.25, { server: { port: 8080 } });
    expect(ratioOf({ SERVER_CONFIG_FILE: path })).toBe(0.25);
    expect(ratioOf({ SERVER_CONFIG_FILE: path, SERVER_OTEL_TRACE_ID_RATIO: '0.5' })).toBe(0.5);
    expect(ratioOf({ SERVER_CONFIG_FILE: path, SERVER_OTEL_TRACE_ID_RATIO: '' })).toBe(0.25);
    const { origins, file } = readConfiguration({ SERVER_CONFIG_FILE: path, SERVER_OTEL_INSECURE: 'yes' });
    expect(file).toBe(path);
    expect(origins.insecure).toEqual({ from: 'environment', name: 'SERVER_OTEL_INSECURE' });
    expect(origins.traceIdRatio).toEqual({ from: 'file', name: 'otel.traceIdRatio' });
    expect(origins.queueSize).toEqual({ from: 'default', name: 'SERVER_OTEL_QUEUE_SIZE' });
  });

  it('is server.yaml of the directory, unless SERVER_CONFIG_FILE names a file or a directory', () => {
    const path = files.write('server.yaml', 'otel: {traceIdRatio: 0.75}');
    expect(ratioOf({}, dirname(path))).toBe(0.75);
    expect(ratioOf({ SERVER_CONFIG_FILE: dirname(path) })).toBe(0.75);
    expect(ratioOf({ SERVER_CONFIG_FILE: yamlFile('otel.traceIdRatio', 0.125) }, dirname(path))).toBe(0.125);
    expect(ratioOf({}, '/nowhere')).toBe(1);
  });

  it('must exist if it is named', () => {
    expect(problemsOf({ SERVER_CONFIG_FILE: '/none/server.yaml' })).toEqual([
      'SERVER_CONFIG_FILE=/none/server.yaml: expected a readable YAML file (no such file)',
    ]);
  });

  it('may have numbers, booleans, strings, references, keys of any case and empty values', () => {
    const path = files.write(
      'values.yaml',
      `shared: &name hatchet
otel:
  ServiceName: *name
  collectorUrl: 'collector:4317'
  traceIdRatio: 0.10
  insecure: true
  metricsEnabled: on
  queueSize: 1024
  compression:
  collectorAuth: ''
`,
    );
    expect(readConfiguration({ SERVER_CONFIG_FILE: path }).values).toMatchObject({
      serviceName: 'hatchet',
      collector: { host: 'collector', port: 4317 },
      traceIdRatio: 0.1,
      insecure: true,
      metricsEnabled: true,
      queueSize: 1024,
      compression: 'none',
      collectorAuth: undefined,
    });
  });

  it('may lack the section otel or leave it empty', () => {
    for (const content of ['', '# a comment', 'server: {port: 1}', 'otel:', 'otel: {tls: }']) {
      expect(ratioOf({ SERVER_CONFIG_FILE: files.write('none.yaml', content) })).toBe(1);
    }
  });

  it.each([
    ['otel: text', 'otel=(not a mapping): expected a mapping, for example otel: {collectorURL: collector:4317}'],
    ['otel: [a]', 'otel=(not a mapping): expected a mapping'],
    ['- a list', 'otel=(not a mapping): expected a mapping'],
    ['otel: {traceIdRatio: [1]}', 'otel.traceIdRatio=(several values): expected a number from 0 to 1'],
    ['otel: {collectorURL: {host: x}}', 'otel.collectorURL=(several values): expected host:port'],
  ])('%s is rejected', (content, expected) => {
    const [problem] = problemsOf({ SERVER_CONFIG_FILE: files.write('refused.yaml', content) });
    expect(problem).toContain(expected);
  });
});

describe('the YAML file is read like by Hatchet’s own reader:', () => {
  const valuesOf = (content: string) =>
    readConfiguration({ SERVER_CONFIG_FILE: files.write('hatchet.yaml', content) }).values;
  const base = 'base: &base {serviceName: base, insecure: true}\n';

  it.each([
    ['a merge key adds the keys of a mapping', `${base}otel: {<<: *base}`, 'base'],
    ['own keys win over merged ones', `${base}otel: {<<: *base, serviceName: own}`, 'own'],
    ['also in front of the merge key', `${base}otel: {serviceName: own, <<: *base}`, 'own'],
    ['the first of several merged mappings wins', `${base}otel: {<<: [*base, {serviceName: other}]}`, 'base'],
    ['the whole section may be an alias', `${base}otel: *base`, 'base'],
    [
      'the section may come from a merge key',
      `all: &all {otel: {serviceName: base, insecure: true}}\n<<: *all`,
      'base',
    ],
    ['a key may be an alias', `name: &name serviceName\notel: {*name : base, insecure: true}`, 'base'],
    ['keys may contain the path', 'otel.serviceName: base\notel: {insecure: true}', 'base'],
    ['only the first document counts', '---\notel: {serviceName: base, insecure: true}\n---\notel: text', 'base'],
    ['a byte order mark is skipped', '\ufeffotel: {serviceName: base, insecure: true}', 'base'],
    ['a tag does not hide a mapping', 'otel: !custom {serviceName: base, insecure: true}', 'base'],
  ])('%s', (_, content, serviceName) => {
    expect(valuesOf(content)).toMatchObject({ serviceName, insecure: true });
  });

  it('numbers stay as written and null is no value, unless quoted', () => {
    expect(valuesOf('otel: {serviceName: 007, collectorAuth: ~}')).toMatchObject({ serviceName: '007' });
    expect(valuesOf('otel: {serviceName: null}').serviceName).toBe('server');
    expect(valuesOf('otel: {serviceName: "null"}').serviceName).toBe('null');
  });

  it.each([
    ['otel: {<<: text}', 'valid YAML: a merge key (<<) needs a mapping or an alias of one'],
    ['otel: {collectorAuth: *geheim}', 'valid YAML: an alias (*name) has no anchor (&name) before it'],
    ['otel: &otel {tls: *otel}', 'valid YAML: the anchor at otel.tls contains itself'],
    ['otel: {insecure: true, insecure: true}', 'valid YAML: error at line 1, column 24 (DUPLICATE_KEY)'],
    ['otel: {collectorURL: a:1, collectorUrl: b:1}', 'one key for this setting; otel.collectorURL is the same'],
    ['otel: {insecure: true}\notel.insecure: false', 'one key for this setting; otel.insecure is the same'],
    ['otel: {insecure: true}\nOTEL: {serviceName: x}', 'one key for this setting; otel is the same'],
  ])('%s is rejected', (content, expected) => {
    const [problem] = problemsOf({ SERVER_CONFIG_FILE: files.write('refused.yaml', content) });
    expect(problem).toContain(expected);
    expect(problem).not.toContain('geheim');
  });
});

describe('a variable of OpenTelemetry', () => {
  it.each([
    ['OTEL_SDK_DISABLED', 'maybe', 'true or false'],
    ['OTEL_SDK_DISABLED', '1', 'true or false'],
    ['OTEL_LOG_LEVEL', 'loud', 'one of none, error, warn, info, debug, verbose, all'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=1,b', 'key=value pairs separated by commas, special characters percent-encoded'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a=%zz', 'key=value pairs separated by commas, special characters percent-encoded'],
  ])('is ignored with a warning if it is malformed: %s=%s', (variable, text, expected) => {
    const { values, warnings, origins } = readConfiguration({ [variable]: text }, '/nowhere');
    expect(values).toEqual(DEFAULTS);
    expect(warnings).toEqual([`${variable}=${text}: expected ${expected}; ignoring it`]);
    expect(Object.values(origins).every(({ from }) => from === 'default')).toBe(true);
  });
});

describe('warnings', () => {
  it.each([
    ['SERVER_OTEL_INSECURE', '1', 'is true here, but Hatchet’s own services use TLS with it; write true'],
    ['SERVER_OTEL_INSECURE', 'yes', 'is true here, but it stops Hatchet’s own services; write true'],
    ['SERVER_OTEL_INSECURE', 'tRue', 'is true here, but it stops Hatchet’s own services; write true'],
    ['SERVER_OTEL_INSECURE', 'off', 'is false here, but it stops Hatchet’s own services; write false'],
    ['SERVER_OTEL_METRICS_ENABLED', 'on', 'is true here, but it stops Hatchet’s own services; write true'],
  ])('tell that Hatchet’s own services read %s=%s differently', (variable, text, expected) => {
    expect(readConfiguration({ [variable]: text }, '/nowhere').warnings).toEqual([`${variable}=${text} ${expected}`]);
  });

  it('tell the same of the file, where Hatchet’s own services accept numbers', () => {
    const path = files.write('booleans.yaml', 'otel: {insecure: 1, metricsEnabled: on}');
    expect(readConfiguration({ SERVER_CONFIG_FILE: path }).warnings).toEqual([
      `${path}: otel.metricsEnabled=on is true here, but it stops Hatchet’s own services; write true`,
    ]);
  });

  it.each(['t', 'T', 'true', 'True', 'TRUE', 'f', 'false', '0'])(
    'are not needed for SERVER_OTEL_INSECURE=%s',
    (text) => {
      expect(readConfiguration({ SERVER_OTEL_INSECURE: text }, '/nowhere').warnings).toEqual([]);
    },
  );

  it('come with the problems of the same configuration', () => {
    const env = { SERVER_OTEL_TRACE_ID_RATIO: '2', SERVER_OTEL_COLLECTOR_URI: 'x', OTEL_LOG_LEVEL: 'loud' };
    expect(() => readConfiguration(env, '/nowhere')).toThrow(
      expect.objectContaining({
        warnings: [
          'OTEL_LOG_LEVEL=loud: expected one of none, error, warn, info, debug, verbose, all; ignoring it',
          'SERVER_OTEL_COLLECTOR_URI is not a setting of this service; did you mean SERVER_OTEL_COLLECTOR_URL?',
        ],
      }),
    );
  });

  it('name the setting that was probably meant', () => {
    const env = {
      SERVER_OTEL_COLLECTOR_URI: 'x',
      SERVER_OTEL_TLS_CA_FILE: 'x',
      SERVER_OTEL_INSECURE: 'true',
      OTEL_SERVICE_NAME: 'x',
      PATH: '',
    };
    const path = files.write('names.yaml', 'otel: {metricEnabled: true, tls: {rootCa: x, serverName: collector}}');
    expect(readConfiguration({ ...env, SERVER_CONFIG_FILE: path }).warnings).toEqual([
      'SERVER_OTEL_COLLECTOR_URI is not a setting of this service; did you mean SERVER_OTEL_COLLECTOR_URL?',
      'SERVER_OTEL_TLS_CA_FILE is not a setting of this service; did you mean SERVER_OTEL_TLS_ROOT_CA_FILE?',
      `${path}: otel.metricEnabled is not a setting of this service; did you mean otel.metricsEnabled?`,
      `${path}: otel.tls.rootCa is not a setting of this service; did you mean otel.tls.rootCAFile?`,
      'otel.tls.serverName has no effect: SERVER_OTEL_INSECURE is true',
    ]);
  });
});

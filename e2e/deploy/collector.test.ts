import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateAuthority } from '@hatchet-ts/trace-testing/certificates';
import { GenericContainer, Wait } from 'testcontainers';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { ownerLabel } from '../docker/leftovers.ts';
import { Collector } from '../harness/collector.ts';
import { suite } from '../harness/suite.ts';
import { check } from './effective-configuration.ts';
import { deployFile } from './files.ts';

const TARGET = '/etc/otelcol/config.yaml';

it.each(['collector/config.yaml', 'collector/local.yaml'])('the Collector validates %s', async (file) => {
  const validation = new GenericContainer(inject('collectorImage'))
    .withCommand(['validate', '--config', TARGET])
    .withCopyContentToContainer([{ content: deployFile(file), target: TARGET, mode: 0o644 }])
    .withEnvironment({ TOKEN_FILE: '/token', TLS_CERT_FILE: '/crt', TLS_KEY_FILE: '/key', BACKEND: 'backend:4317' })
    .withLabels(ownerLabel())
    // resolves when the command has ended with exit code 0
    .withWaitStrategy(Wait.forOneShotStartup());
  const container = await validation.start();
  await container.stop();
});

describe('the Collector with TLS and a bearer token', () => {
  const { folder, use } = suite();
  const token = randomBytes(16).toString('hex');
  let collector: Collector;
  let secure: Record<string, string>;

  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    const authority = await CertificateAuthority.create();
    const { certificate, key } = await authority.issue({ name: 'collector', hosts: ['localhost', '127.0.0.1'] });
    const write = async (name: string, content: string) => {
      await writeFile(join(folder, name), content);
      return `/output/${name}`;
    };
    const config = parse(deployFile('collector/config.yaml')) as Record<string, Record<string, unknown>> & {
      service: { pipelines: Record<string, { exporters: string[] }> };
    };
    // replace the trace storage by a file that the test reads
    config.exporters = { file: { path: '/output/traces.jsonl', flush_interval: '100ms' } };
    for (const pipeline of Object.values(config.service.pipelines)) pipeline.exporters = ['file'];
    collector = use(
      await Collector.start({
        folder,
        config: stringify(config),
        env: {
          TOKEN_FILE: await write('token', token),
          TLS_CERT_FILE: await write('collector.crt', certificate),
          TLS_KEY_FILE: await write('collector.key', key),
          BACKEND: 'unused:4317',
        },
      }),
    );
    await write('ca.crt', authority.certificate);
    await write('authorization', `Bearer ${token}\n`);
    secure = {
      SERVER_OTEL_COLLECTOR_URL: collector.address,
      SERVER_OTEL_TLS_ROOT_CA_FILE: join(folder, 'ca.crt'),
      // Docker's ports are not always on loopback: inside a container they are on its gateway
      SERVER_OTEL_TLS_SERVER_NAME: 'localhost',
      SERVER_OTEL_METRICS_ENABLED: 'true',
    };
  });

  it('accepts spans and metrics from a service that trusts its certificate and has the token', async () => {
    const checked = await check({ ...secure, SERVER_OTEL_COLLECTOR_AUTH_FILE: join(folder, 'authorization') });
    expect(checked.steps.map(({ step, result }) => `${step} ${result}`)).toEqual([
      'resolve passed',
      'connect passed',
      'tls passed',
      'http2 passed',
      'authenticate passed',
      'span passed',
      'metric passed',
    ]);
    expect(checked.exitCode).toBe(0);
  });

  it.each([
    ['without a token', {}, 'authenticate', 'the collector requires a token'],
    ['with another token', { SERVER_OTEL_COLLECTOR_AUTH: 'Bearer wrong' }, 'authenticate', 'the token is rejected'],
    ['without its authority', { SERVER_OTEL_TLS_ROOT_CA_FILE: '' }, 'tls', 'set SERVER_OTEL_TLS_ROOT_CA_FILE'],
    ['in plaintext', { SERVER_OTEL_INSECURE: 'true' }, 'http2', 'the collector speaks TLS'],
  ])('refuses a service %s, and check reports the cause', async (_, env, step, cause) => {
    const { steps, exitCode } = await check({ ...secure, ...env });
    const failed = steps.find(({ result }) => result === 'failed');
    expect(failed).toMatchObject({ step, cause: expect.stringContaining(cause) });
    expect(exitCode).toBe(1);
  });
});

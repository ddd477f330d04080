import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CertificateAuthority, type CertificateSubject } from '@hatchet-ts/trace-testing/certificates';
import { stringify } from 'yaml';
import { Collector } from '../harness/collector.ts';

/** Ports of the Collector: one for each kind of connection that operators use. */
export const PORTS = {
  plaintext: 4317,
  http: 4318,
  tls: 4327,
  mutualTls: 4337,
  expired: 4347,
  otherName: 4357,
  token: 4367,
  /** Its connections end after a second. */
  aging: 4377,
};

export interface ListeningCollector {
  collector: Collector;
  /** Files of a client: certificate authorities, and certificates of an accepted client and of a stranger. */
  files: Record<'ca' | 'otherCa' | 'certificate' | 'key' | 'strangersCertificate' | 'strangersKey', string>;
  token: string;
}

/** Name in the Collector's certificate, because the address that Docker maps is not known in advance. */
export const SERVER_NAME = 'collector.test';

/** Starts one Collector with a receiver for each of {@link PORTS}. */
export async function startListeningCollector(folder: string): Promise<ListeningCollector> {
  await mkdir(folder, { recursive: true });
  const token = 'a-token-for-tests';
  const [authority, other] = await Promise.all([
    CertificateAuthority.create(),
    CertificateAuthority.create('Other CA'),
  ]);
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text, { mode: 0o644 });
    return join(folder, name);
  };
  const server = async (name: string, subject: CertificateSubject) => {
    const { certificate, key } = await authority.issue(subject);
    await write(`${name}.crt`, certificate);
    await write(`${name}.key`, key);
    return { cert_file: `/output/${name}.crt`, key_file: `/output/${name}.key` };
  };
  const hosts = [SERVER_NAME];
  const good = await server('good', { name: 'collector', hosts });
  const [client, stranger] = await Promise.all([
    authority.issue({ name: 'engine' }),
    other.issue({ name: 'stranger' }),
  ]);
  const files = {
    ca: await write('ca.crt', authority.certificate),
    otherCa: await write('other-ca.crt', other.certificate),
    certificate: await write('client.crt', client.certificate),
    key: await write('client.key', client.key),
    strangersCertificate: await write('stranger.crt', stranger.certificate),
    strangersKey: await write('stranger.key', stranger.key),
  };
  const grpc = (port: number, more: object = {}) => ({
    protocols: { grpc: { endpoint: `0.0.0.0:${port}`, ...more } },
  });
  const receivers = {
    'otlp/plaintext': grpc(PORTS.plaintext),
    'otlp/http': { protocols: { http: { endpoint: `0.0.0.0:${PORTS.http}` } } },
    'otlp/tls': grpc(PORTS.tls, { tls: good }),
    'otlp/mutual': grpc(PORTS.mutualTls, { tls: { ...good, client_ca_file: '/output/ca.crt' } }),
    'otlp/expired': grpc(PORTS.expired, { tls: await server('expired', { name: 'expired', hosts, expired: true }) }),
    'otlp/other': grpc(PORTS.otherName, { tls: await server('other', { name: 'other', hosts: ['elsewhere.test'] }) }),
    'otlp/aging': grpc(PORTS.aging, {
      keepalive: { server_parameters: { max_connection_age: '1s', max_connection_age_grace: '1s' } },
    }),
    'otlp/token': grpc(PORTS.token, { tls: good, auth: { authenticator: 'bearertokenauth' } }),
  };
  const config = {
    receivers,
    exporters: { 'file/traces': { path: '/output/traces.jsonl', flush_interval: '100ms' } },
    extensions: {
      health_check: { endpoint: '0.0.0.0:13133' },
      bearertokenauth: { scheme: 'Bearer', token },
    },
    service: {
      extensions: ['health_check', 'bearertokenauth'],
      telemetry: { metrics: { level: 'none' } },
      pipelines: { traces: { receivers: Object.keys(receivers), exporters: ['file/traces'] } },
    },
  };
  const ports = Object.values(PORTS).filter((port) => port !== PORTS.plaintext);
  return { collector: await Collector.start({ folder, config: stringify(config), ports }), files, token };
}

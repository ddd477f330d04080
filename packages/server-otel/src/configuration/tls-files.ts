import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { reasonOf } from './file-reason.ts';
import type { Configuration, SettingName } from './setting.ts';

/** The contents of the TLS files, ready for gRPC. */
export interface TlsFiles {
  readonly rootCa?: Buffer;
  readonly certificate?: Buffer;
  readonly key?: Buffer;
}

/** What is wrong with a setting, by its name. */
export type Complaint = readonly [name: SettingName, expected: string];

/** Reads and checks the files that the configuration names; what is wrong with them would else show at the first export. */
export function readTlsFiles(configuration: Pick<Configuration, 'tlsRootCaFile' | 'tlsCertFile' | 'tlsKeyFile'>): {
  readonly files: TlsFiles;
  readonly complaints: readonly Complaint[];
} {
  const complaints: Complaint[] = [];
  const read = <T>(name: keyof typeof configuration, check: (content: Buffer) => T): Checked<T> | undefined => {
    const path = configuration[name];
    if (path === undefined) return undefined;
    try {
      const content = readFileSync(path);
      return { content, checked: check(content) };
    } catch (error) {
      complaints.push([name, error instanceof Unfit ? error.message : `a file that can be read (${reasonOf(error)})`]);
      return undefined;
    }
  };
  const rootCa = read('tlsRootCaFile', certificatesIn);
  const certificate = read('tlsCertFile', certificatesIn);
  const key = read('tlsKeyFile', privateKeyIn);

  const { tlsCertFile, tlsKeyFile } = configuration;
  if (tlsCertFile !== undefined && tlsKeyFile === undefined) {
    complaints.push(['tlsCertFile', 'SERVER_OTEL_TLS_KEY_FILE beside it: a client certificate needs its private key']);
  }
  if (tlsKeyFile !== undefined && tlsCertFile === undefined) {
    complaints.push(['tlsKeyFile', 'SERVER_OTEL_TLS_CERT_FILE beside it: a private key needs its certificate']);
  }
  if (certificate && key && !certificate.checked[0].checkPrivateKey(key.checked)) {
    complaints.push([
      'tlsKeyFile',
      `the private key of the certificate in ${tlsCertFile}; this is that of another one`,
    ]);
  }
  const files: TlsFiles = {
    ...(rootCa && { rootCa: rootCa.content }),
    ...(certificate && { certificate: certificate.content }),
    ...(key && { key: key.content }),
  };
  return { files, complaints };
}

interface Checked<T> {
  readonly content: Buffer;
  readonly checked: T;
}

/** The content of a file is not what it should be; the message ends the sentence "expected …". */
class Unfit extends Error {}

/** All certificates of a PEM file; the first of a chain is its own. */
export function certificatesIn(content: Buffer): [X509Certificate, ...X509Certificate[]] {
  const blocks = content.toString('latin1').match(CERTIFICATE) ?? [];
  try {
    const [first, ...more] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined) return [first, ...more];
  } catch {
    throw new Unfit('certificates in PEM format; one in this file is damaged');
  }
  throw new Unfit('a certificate in PEM format (-----BEGIN CERTIFICATE-----); this file has none');
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function privateKeyIn(content: Buffer): KeyObject {
  const text = content.toString('latin1');
  if (!text.includes('PRIVATE KEY-----')) throw new Unfit('a private key in PEM format; this file has none');
  if (/ENCRYPTED/.test(text)) throw new Unfit('a private key that is not encrypted');
  try {
    return createPrivateKey(content);
  } catch {
    throw new Unfit('a private key in PEM format; the one in this file is damaged');
  }
}

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Configuration, SettingName } from './settings.ts';
import { headerValue } from './values.ts';

/**
 * Reads the value of the `Authorization` header from a file, without the line break at its end. A problem completes the
 * sentence "expected …" and never contains the content, which is secret.
 */
export function readAuthFile(path: string): { readonly auth: string } | { readonly problem: string } {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    return { problem: `a readable file (${fileErrorReason(error)})` };
  }
  const value = headerValue().safeParse(content);
  if (!value.success) return { problem: 'a file with one line of printable ASCII characters' };
  if (value.data === '') return { problem: 'a file with the value of the Authorization header; this file is empty' };
  return { auth: value.data };
}

/** Contents of the TLS files, in the form that gRPC expects. */
export interface TlsFiles {
  readonly rootCa?: Buffer;
  readonly certificate?: Buffer;
  readonly key?: Buffer;
}

/** An invalid setting and the expected value. */
export type FileProblem = readonly [name: SettingName, expected: string];

/** Reads and checks the configured files, so that problems show at start and not at the first export. */
export function readTlsFiles(configuration: Pick<Configuration, 'tlsRootCaFile' | 'tlsCertFile' | 'tlsKeyFile'>): {
  readonly files: TlsFiles;
  readonly problems: readonly FileProblem[];
} {
  const problems: FileProblem[] = [];
  const read = <T>(name: keyof typeof configuration, check: (content: Buffer) => T): Checked<T> | undefined => {
    const path = configuration[name];
    if (path === undefined) return undefined;
    try {
      const content = readFileSync(path);
      return { content, checked: check(content) };
    } catch (error) {
      problems.push([
        name,
        error instanceof InvalidContent ? error.message : `a readable file (${fileErrorReason(error)})`,
      ]);
      return undefined;
    }
  };
  const rootCa = read('tlsRootCaFile', certificatesIn);
  const certificate = read('tlsCertFile', certificatesIn);
  const key = read('tlsKeyFile', privateKeyIn);

  const { tlsCertFile, tlsKeyFile } = configuration;
  if (tlsCertFile !== undefined && tlsKeyFile === undefined) {
    problems.push([
      'tlsCertFile',
      'SERVER_OTEL_TLS_KEY_FILE to be set as well: a client certificate needs its private key',
    ]);
  }
  if (tlsKeyFile !== undefined && tlsCertFile === undefined) {
    problems.push(['tlsKeyFile', 'SERVER_OTEL_TLS_CERT_FILE to be set as well: a private key needs its certificate']);
  }
  if (certificate && key && !certificate.checked[0].checkPrivateKey(key.checked)) {
    problems.push([
      'tlsKeyFile',
      `the private key of the certificate in ${tlsCertFile}; this key belongs to another certificate`,
    ]);
  }
  const files: TlsFiles = {
    ...(rootCa && { rootCa: rootCa.content }),
    ...(certificate && { certificate: certificate.content }),
    ...(key && { key: key.content }),
  };
  return { files, problems };
}

interface Checked<T> {
  readonly content: Buffer;
  readonly checked: T;
}

/** The content of a file is invalid. The message completes the sentence "expected …". */
class InvalidContent extends Error {}

/** Returns all certificates of a PEM file; in a chain, the first is the owner's. */
function certificatesIn(content: Buffer): [X509Certificate, ...X509Certificate[]] {
  const blocks = content.toString('latin1').match(CERTIFICATE) ?? [];
  try {
    const [first, ...more] = blocks.map((block) => new X509Certificate(block));
    if (first !== undefined) return [first, ...more];
  } catch {
    throw new InvalidContent('certificates in PEM format; a certificate in this file is damaged');
  }
  throw new InvalidContent('a certificate in PEM format (-----BEGIN CERTIFICATE-----); this file has none');
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function privateKeyIn(content: Buffer): KeyObject {
  const text = content.toString('latin1');
  if (!text.includes('PRIVATE KEY-----')) throw new InvalidContent('a private key in PEM format; this file has none');
  if (/ENCRYPTED/.test(text)) throw new InvalidContent('a private key that is not encrypted');
  try {
    return createPrivateKey(content);
  } catch {
    throw new InvalidContent('a private key in PEM format; the key in this file is damaged');
  }
}

/** Describes why a file cannot be read. */
export function fileErrorReason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (code || 'unreadable');
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a directory',
};

import 'reflect-metadata'; // required by x509
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** A certificate authority for one test. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  issue(subject: Subject): Promise<Issued>;
}

export interface Subject {
  readonly name: string;
  /** DNS names and addresses of the certificate; none for a client. */
  readonly hosts?: readonly string[];
  readonly expired?: boolean;
}

/** A certificate and its private key in PEM format. */
export interface Issued {
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY = 86_400_000;

export async function createAuthority(name = 'Test CA'): Promise<Authority> {
  const keys = await generateKeys();
  const own = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(Date.now() - 10 * DAY),
    notAfter: new Date(Date.now() + 10 * DAY),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    certificate: own.toString('pem'),
    issue: async ({ name: subject, hosts = [], expired = false }) => {
      const subjectKeys = await generateKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        subject: `CN=${subject}`,
        issuer: own.subject,
        publicKey: subjectKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: ALGORITHM,
        notBefore: new Date(Date.now() - 9 * DAY),
        notAfter: new Date(Date.now() + (expired ? -1 : 9) * DAY),
        extensions: [
          new x509.SubjectAlternativeNameExtension(
            hosts.map((host) => ({ type: /^[\d.]+$|:/.test(host) ? 'ip' : 'dns', value: host })),
          ),
        ],
      });
      const pkcs8 = await crypto.subtle.exportKey('pkcs8', subjectKeys.privateKey);
      return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
    },
  };
}

/** Files of a test in a temporary directory. */
export interface Files {
  readonly directory: string;
  write(name: string, content: string): string;
  remove(): void;
}

export function temporaryFiles(): Files {
  const directory = mkdtempSync(join(tmpdir(), 'server-otel-'));
  return {
    directory,
    write: (name, content) => {
      const path = join(directory, name);
      writeFileSync(path, content);
      return path;
    },
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

async function generateKeys() {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

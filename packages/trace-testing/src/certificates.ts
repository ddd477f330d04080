import 'reflect-metadata'; // required by x509
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** Certificate and private key, PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface CertificateSubject {
  readonly name: string;
  /** DNS names and IP addresses of a server; none for a client. */
  readonly hosts?: readonly string[];
  readonly expired?: boolean;
}

/** Certificate authority that lives as long as a test. */
export class CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #root: x509.X509Certificate;

  private constructor(keys: webcrypto.CryptoKeyPair, root: x509.X509Certificate) {
    this.#keys = keys;
    this.#root = root;
    this.certificate = root.toString('pem');
  }

  static async create(name = 'Test CA'): Promise<CertificateAuthority> {
    const keys = await generateKeys();
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - 10 * DAY_MS),
      notAfter: new Date(Date.now() + 10 * DAY_MS),
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new CertificateAuthority(keys, root);
  }

  async issue({ name, hosts = [], expired = false }: CertificateSubject): Promise<Certificate> {
    const keys = await generateKeys();
    const names = hosts.map((host) => ({ type: isAddress(host) ? 'ip' : 'dns', value: host }) as const);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.#root.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      notBefore: new Date(Date.now() - 9 * DAY_MS),
      notAfter: new Date(Date.now() + (expired ? -1 : 9) * DAY_MS),
      extensions: [new x509.SubjectAlternativeNameExtension(names)],
    });
    const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
    return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
  }
}

const isAddress = (host: string) => /^[\d.]+$|:/.test(host);

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

import 'reflect-metadata'; // x509 asks for it
import * as x509 from '@peculiar/x509';

/** PEM of a certificate and its key. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** An authority of one test, a certificate that it gave a server under this name, and one that it gave a client. */
export async function testCertificates(serverName: string): Promise<{
  readonly authority: string;
  readonly server: Certificate;
  readonly client: Certificate;
}> {
  const keys = await generateKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test CA',
    keys,
    ...VALIDITY,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const issue = async (name: string): Promise<Certificate> => {
    const own = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: root.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      ...VALIDITY,
      extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
    });
    const key = await crypto.subtle.exportKey('pkcs8', own.privateKey);
    return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
  };
  return { authority: root.toString('pem'), server: await issue(serverName), client: await issue('worker') };
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR = 3_600_000;
const VALIDITY = {
  signingAlgorithm: ALGORITHM,
  notBefore: new Date(Date.now() - HOUR),
  notAfter: new Date(Date.now() + HOUR),
};

function generateKeys() {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

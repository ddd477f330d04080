import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { codeOf } from './connection.ts';
import { StepFailure, within } from './step.ts';

export interface HandshakeOptions {
  readonly host: string;
  readonly serverName: string | undefined;
  readonly context: SecureContext;
  /** Whether a CA file is set; else the system's authorities are trusted. */
  readonly ownRoots: boolean;
  readonly millis: number;
}

/**
 * A TLS handshake with the settings of the export. The connection is made also to a collector that cannot be
 * trusted, to see its certificates and to say which one is wrong; nothing is sent over it then.
 */
export async function handshake(socket: Socket, options: HandshakeOptions): Promise<TLSSocket> {
  const { host, serverName, context, millis } = options;
  const name = serverName ?? host;
  const secure = connect({
    socket,
    host: name,
    ...(isIP(name) ? {} : { servername: name }),
    secureContext: context,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
  });
  const established = new Promise<void>((resolve, reject) =>
    secure.once('secureConnect', resolve).once('error', reject),
  );
  try {
    await within(millis, established, () => new StepFailure(`no answer in ${millis} ms`, PLAINTEXT));
  } catch (error) {
    socket.destroy();
    if (error instanceof StepFailure) throw error;
    throw new StepFailure(codeOf(error), causeOfAlert(codeOf(error)));
  }
  secure.on('error', () => {});
  if (secure.authorizationError) {
    const chain = chainOf(secure.getPeerX509Certificate());
    secure.destroy();
    throw untrusted(String(secure.authorizationError), chain, options);
  }
  return secure;
}

/** Which certificate is wrong, and why. */
function untrusted(
  code: string,
  chain: readonly X509Certificate[],
  { host, serverName, ownRoots }: HandshakeOptions,
): StepFailure {
  const [leaf] = chain;
  const top = chain.at(-1);
  const now = new Date();
  const setting = ownRoots ? 'SERVER_OTEL_TLS_ROOT_CA_FILE' : 'the authorities of the system';
  const authority = ownRoots
    ? 'SERVER_OTEL_TLS_ROOT_CA_FILE must hold the certificate of the authority that issued it'
    : 'set SERVER_OTEL_TLS_ROOT_CA_FILE to the certificate of the authority that issued it';
  if (code === 'CERT_HAS_EXPIRED') {
    const expired = chain.find(({ validToDate }) => validToDate < now) ?? leaf;
    return new StepFailure(
      `${nameOf(expired)} expired on ${expired?.validToDate.toISOString()}`,
      'renew the certificate of the collector, or set the clock of this machine right',
    );
  }
  if (code === 'CERT_NOT_YET_VALID') {
    const early = chain.find(({ validFromDate }) => validFromDate > now) ?? leaf;
    return new StepFailure(
      `${nameOf(early)} is valid from ${early?.validFromDate.toISOString()} only`,
      'the clock of this machine is behind, or the certificate was issued too early',
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = leaf?.subjectAltName ?? leaf?.subject ?? 'nobody';
    return new StepFailure(
      `${nameOf(leaf)} is for ${names}, not for ${serverName ?? host}`,
      serverName === undefined
        ? 'write the host into SERVER_OTEL_COLLECTOR_URL as the certificate has it, or that name into SERVER_OTEL_TLS_SERVER_NAME'
        : 'SERVER_OTEL_TLS_SERVER_NAME must be a name of the certificate',
    );
  }
  if (code === 'DEPTH_ZERO_SELF_SIGNED_CERT' || code === 'SELF_SIGNED_CERT_IN_CHAIN') {
    return new StepFailure(`${nameOf(top)} is self-signed and not among ${setting} (${code})`, authority);
  }
  return new StepFailure(
    `${nameOf(top)} was issued by ${oneLine(top?.issuer)}, which is not among ${setting} (${code})`,
    authority,
  );
}

/** The certificates that the collector sent, its own first. */
function chainOf(leaf: X509Certificate | undefined): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next = leaf; next !== undefined && !chain.some((seen) => seen.fingerprint256 === next?.fingerprint256); ) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function nameOf(certificate: X509Certificate | undefined): string {
  return certificate === undefined ? 'The certificate' : `The certificate ${oneLine(certificate.subject)}`;
}

function oneLine(name: string | undefined): string {
  return name?.replaceAll('\n', ', ') ?? 'an unknown authority';
}

/** What a handshake that broke off means; also for the alert that comes only after it (TLS 1.3, client certificates). */
export function causeOfAlert(code: string): string {
  if (
    /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA|CERTIFICATE_EXPIRED/.test(
      code,
    )
  ) {
    return /UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED/.test(code)
      ? 'the collector does not accept the client certificate: is it of the authority that the collector trusts, and still valid?'
      : 'the collector asks for a client certificate: set SERVER_OTEL_TLS_CERT_FILE and SERVER_OTEL_TLS_KEY_FILE';
  }
  if (/NO_APPLICATION_PROTOCOL/.test(code)) return 'this port does not speak HTTP/2: 4318 is OTLP over HTTP, 4317 gRPC';
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code))
    return 'the collector speaks only TLS versions that are too old';
  return PLAINTEXT;
}

const PLAINTEXT =
  'this port does not speak TLS: a plaintext collector needs SERVER_OTEL_INSECURE=true, better give it a certificate';

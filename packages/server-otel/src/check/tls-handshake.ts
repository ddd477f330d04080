import type { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { withDeadline } from '@hatchet-ts/internal/deadline';
import { codeOf } from './connection.ts';
import { StepFailure } from './step.ts';

export interface HandshakeOptions {
  readonly host: string;
  readonly serverName: string | undefined;
  readonly context: SecureContext;
  /** True if a CA file is set; otherwise the system's authorities are trusted. */
  readonly hasOwnRoots: boolean;
  readonly millis: number;
}

/**
 * Performs a TLS handshake with the settings of the export. The connection is established even if the collector is not
 * trusted, to report which of its certificates is wrong; nothing is sent over it then.
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
    await withDeadline(established, millis, () => new StepFailure(`no answer in ${millis} ms`, PLAINTEXT));
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

/** Names the wrong certificate and the reason. */
function untrusted(
  code: string,
  chain: readonly X509Certificate[],
  { host, serverName, hasOwnRoots }: HandshakeOptions,
): StepFailure {
  const [leaf] = chain;
  const top = chain.at(-1);
  const now = new Date();
  const setting = hasOwnRoots ? 'SERVER_OTEL_TLS_ROOT_CA_FILE' : 'the authorities of the system';
  const authority = hasOwnRoots
    ? 'SERVER_OTEL_TLS_ROOT_CA_FILE must hold the certificate of the authority that issued it'
    : 'set SERVER_OTEL_TLS_ROOT_CA_FILE to the certificate of the authority that issued it';
  if (code === 'CERT_HAS_EXPIRED') {
    const expired = chain.find(({ validToDate }) => validToDate < now) ?? leaf;
    return new StepFailure(
      `${nameOf(expired)} expired on ${expired?.validToDate.toISOString()}`,
      'renew the certificate of the collector, or correct the clock of this machine',
    );
  }
  if (code === 'CERT_NOT_YET_VALID') {
    const early = chain.find(({ validFromDate }) => validFromDate > now) ?? leaf;
    return new StepFailure(
      `${nameOf(early)} is not valid before ${early?.validFromDate.toISOString()}`,
      'the clock of this machine is behind, or the certificate was issued too early',
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = leaf?.subjectAltName ?? leaf?.subject ?? 'no host';
    return new StepFailure(
      `${nameOf(leaf)} is for ${names}, not for ${serverName ?? host}`,
      serverName === undefined
        ? 'use a name of the certificate in SERVER_OTEL_COLLECTOR_URL, or set SERVER_OTEL_TLS_SERVER_NAME to it'
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

/** Returns the certificates that the collector sent, its own first. */
function chainOf(leaf: X509Certificate | undefined): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next = leaf; next !== undefined && !chain.some((seen) => seen.fingerprint256 === next?.fingerprint256); ) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function nameOf(certificate: X509Certificate | undefined): string {
  return certificate === undefined ? 'certificate' : `certificate ${oneLine(certificate.subject)}`;
}

function oneLine(name: string | undefined): string {
  return name?.replaceAll('\n', ', ') ?? 'an unknown authority';
}

/** Explains an aborted handshake, or an alert after it (TLS 1.3, client certificates). */
export function causeOfAlert(code: string): string {
  if (
    /CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|UNKNOWN_CA|CERTIFICATE_EXPIRED/.test(
      code,
    )
  ) {
    return /UNKNOWN_CA|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED/.test(code)
      ? 'the collector does not accept the client certificate: is it issued by an authority that the collector trusts, and still valid?'
      : 'the collector requires a client certificate: set SERVER_OTEL_TLS_CERT_FILE and SERVER_OTEL_TLS_KEY_FILE';
  }
  if (/NO_APPLICATION_PROTOCOL/.test(code)) return 'this port does not speak HTTP/2: 4318 is OTLP over HTTP, 4317 gRPC';
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) return 'the collector supports only outdated TLS versions';
  return PLAINTEXT;
}

const PLAINTEXT =
  'this port does not speak TLS: give the collector a certificate, or set SERVER_OTEL_INSECURE=true for plaintext';

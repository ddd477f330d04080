import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import type { TlsFiles } from '../configuration/tls-files.ts';

/** Whom the collector's certificate is checked against, and the client certificate that it is shown. */
export function tlsContext({ rootCa, certificate, key }: TlsFiles): SecureContext {
  return createSecureContext({ ca: rootCa ?? systemRoots(), cert: certificate, key });
}

/**
 * The authorities that the system trusts, as Hatchet's Go services see them (`SSL_CERT_FILE`, `SSL_CERT_DIR`, the
 * distribution's bundle), and those of `NODE_EXTRA_CA_CERTS`. Node.js itself would take the list that it brings
 * along, and gRPC one that a variable of its own names; an image without any has to do with Node's.
 */
function systemRoots(): string[] {
  const system = getCACertificates('system');
  return [...(system.length > 0 ? system : getCACertificates('bundled')), ...getCACertificates('extra')];
}

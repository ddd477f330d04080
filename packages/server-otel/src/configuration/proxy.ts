import { BlockList, isIP } from 'node:net';
import { type Endpoint, formatEndpoint } from './endpoint.ts';

/** HTTP proxy on the way to the collector. */
export interface HttpProxy extends Endpoint {
  readonly scheme: string;
  /** True if the variable contains no port. */
  readonly hasDefaultPort: boolean;
  /** Value of the `Proxy-Authorization` header. */
  readonly authorization: string | undefined;
}

/**
 * Parses `HTTPS_PROXY` as gRPC's Go library does, and so Hatchet's own services: the scheme may be missing, the
 * connection to the proxy is plaintext whatever the scheme, and the default port is 443.
 */
export function parseProxy(text: string): HttpProxy | { readonly problem: string } {
  const [, scheme = 'http', rest = ''] = /^(?:([a-z][a-z\d+.-]*):\/\/)?(.*)$/is.exec(text) ?? [];
  if (!/^https?$/i.test(scheme)) return { problem: `an HTTP proxy, ${EXAMPLE}` };
  try {
    // With a scheme that the URL standard does not know, an explicit port 80 is kept.
    const { hostname, port, username, password } = new URL(`proxy://${rest}`);
    const host = hostname.replace(/^\[|\]$/g, '');
    if (host === '') return { problem: EXAMPLE };
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return {
      host,
      port: port === '' ? DEFAULT_PORT : Number(port),
      scheme: scheme.toLowerCase(),
      hasDefaultPort: port === '',
      authorization: username === '' ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`,
    };
  } catch {
    return { problem: EXAMPLE };
  }
}

const DEFAULT_PORT = 443;
const EXAMPLE = 'http://host:port or http://user:password@host:port, special characters percent-encoded';

/** Settings that decide between the proxy and the direct way. */
interface Route {
  readonly collector: Endpoint | undefined;
  readonly httpsProxy: HttpProxy | undefined;
  readonly noProxy: readonly string[];
}

/** Returns the proxy of the export; undefined if the collector is reached directly. */
export function proxyOf({ collector, httpsProxy, noProxy }: Route): HttpProxy | undefined {
  if (collector === undefined || isLoopback(collector.host)) return undefined;
  return noProxy.some((entry) => matches(entry, collector)) ? undefined : httpsProxy;
}

/** Splits `NO_PROXY` into its entries. */
export function parseNoProxy(text: string): readonly string[] {
  return text
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');
}

function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || isWithin(host, '127.0.0.0', 8) || isWithin(host, '::1', 128);
}

/** Matches an entry of `NO_PROXY` like Go's httpproxy: `*`, a CIDR range, an address or a name, the last two with an optional port. */
function matches(entry: string, collector: Endpoint): boolean {
  if (entry === '*') return true;
  const host = collector.host.toLowerCase();
  const [, network, prefix] = /^([\da-f:.]+)\/(\d+)$/.exec(entry) ?? [];
  if (network !== undefined) return isWithin(host, network, Number(prefix));
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*)):(\d+)$/.exec(entry) ?? [];
  if (port !== undefined && Number(port) !== collector.port) return false;
  const name = bracketed ?? plain ?? entry.replace(/^\[|\]$/g, '');
  if (isIP(name)) return isWithin(host, name, isIP(name) === 4 ? 32 : 128);
  if (name === '' || isIP(host)) return false;
  const suffix = name.replace(/^\*(?=\.)/, '');
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`);
}

/** False for a name and for a malformed network. An IPv4 network contains the mapped IPv6 addresses, but not the reverse. */
function isWithin(host: string, network: string, prefix: number): boolean {
  const [version, networkVersion] = [isIP(host), isIP(network)];
  if (version === 0 || networkVersion > version || prefix > (networkVersion === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  if (networkVersion !== 0) list.addSubnet(network, prefix, `ipv${networkVersion as 4 | 6}`);
  return list.check(host, `ipv${version as 4 | 6}`);
}

/** Formats a proxy for `check` and logs, without its credentials. */
export function formatProxy(proxy: HttpProxy): string {
  return `${proxy.scheme}://${proxy.authorization === undefined ? '' : '(hidden)@'}${formatEndpoint(proxy)}`;
}

/** Address of the collector. */
export interface Endpoint {
  /** Name or IP address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Formats `host:port` for gRPC and logs, IPv6 in brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Parses `host:port`. A problem completes the sentence "expected …" and contains the correction. */
export function parseEndpoint(text: string): Endpoint | { readonly problem: string } {
  if (/^(unix(-abstract)?:(?!\d+$)|[./])/i.test(text)) {
    return {
      problem:
        'host:port, not a Unix socket: let the OTLP/gRPC receiver of the collector listen on a port, and write for example localhost:4317',
    };
  }
  const [, resolver, scheme = resolver, afterScheme] = SCHEME.exec(text) ?? [];
  if (scheme !== undefined) {
    const rest = (afterScheme ?? '').replace(/\/.*$/, '').replace(/^.*@/, '');
    const insecure = scheme.toLowerCase() === 'http' ? ' and SERVER_OTEL_INSECURE=true for plaintext' : '';
    return { problem: `host:port without a scheme: write ${rest || 'collector:4317'}${insecure}` };
  }
  if (text.includes('@')) return { problem: 'host:port without credentials: set SERVER_OTEL_COLLECTOR_AUTH instead' };
  const slash = text.indexOf('/');
  if (slash >= 0) {
    return {
      problem: `host:port without a path (OTLP over gRPC has none): write ${text.slice(0, slash) || 'collector:4317'}`,
    };
  }
  if (/^[\da-f]*:[\da-f:.]*:[\da-f:.]*$/i.test(text)) {
    return { problem: `an IPv6 address in brackets, for example [::1]:4317` };
  }
  const [, bracketed, name, digits] = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+)):(\d+)$/i.exec(text) ?? [];
  const host = bracketed ?? name;
  if (host === undefined) return { problem: `host:port: write ${/^[\w.-]+$/.test(text) ? text : 'collector'}:4317` };
  const port = Number(digits);
  if (port < 1 || port > 65535)
    return { problem: `a port from 1 to 65535: write ${formatEndpoint({ host, port: 4317 })}` };
  return { host, port };
}

/** A URL, or a name as gRPC's Go library reads it: `dns:///collector:4317`, `dns:collector:4317`. */
const SCHEME = /^(?:(dns|ipv4|ipv6|passthrough|xds):(?:\/\/[^/]*\/)?(?=.*:\d+$)|([a-z][a-z\d+.-]*):\/\/)(.*)$/i;

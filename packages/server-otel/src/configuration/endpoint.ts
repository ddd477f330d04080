/** Where the collector listens. */
export interface Endpoint {
  /** Name or address; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host:port` as gRPC and logs want it, IPv6 in brackets. */
export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Reads `host:port`; what is wrong with it otherwise, in words that say what to write instead. */
export function parseEndpoint(text: string): Endpoint | { readonly problem: string } {
  const [, scheme, afterScheme] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/i.exec(text) ?? [];
  if (scheme !== undefined) {
    const rest = (afterScheme ?? '').replace(/\/.*$/, '').replace(/^.*@/, '');
    const insecure = scheme.toLowerCase() === 'http' ? ' and SERVER_OTEL_INSECURE=true for plaintext' : '';
    return { problem: `host:port without a scheme: write ${rest || 'collector:4317'}${insecure}` };
  }
  if (text.includes('@'))
    return { problem: 'host:port without credentials: put those into SERVER_OTEL_COLLECTOR_AUTH' };
  const slash = text.indexOf('/');
  if (slash >= 0) {
    return {
      problem: `host:port without a path, as for OTLP over gRPC: write ${text.slice(0, slash) || 'collector:4317'}`,
    };
  }
  if (/^[\da-f]*:[\da-f:.]*:[\da-f:.]*$/i.test(text)) {
    return { problem: `an IPv6 address in brackets: write [::1]:4317, for example` };
  }
  const [, bracketed, name, digits] = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+)):(\d+)$/i.exec(text) ?? [];
  const host = bracketed ?? name;
  if (host === undefined) return { problem: `host:port: write ${/^[\w.-]+$/.test(text) ? text : 'collector'}:4317` };
  const port = Number(digits);
  if (port < 1 || port > 65535)
    return { problem: `a port from 1 to 65535: write ${formatEndpoint({ host, port: 4317 })}` };
  return { host, port };
}

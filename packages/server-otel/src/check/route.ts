import type { Socket } from 'node:net';
import { openTunnel, ProxyError } from '../collector/proxy-tunnel.ts';
import { type Endpoint, formatEndpoint } from '../configuration/endpoint.ts';
import type { HttpProxy } from '../configuration/proxy.ts';
import { connectTcp } from './connection.ts';
import { StepFailure } from './step.ts';

/** The way to the collector, as the service takes it: directly, or through a proxy. */
export class Route {
  readonly #collector: Endpoint;
  readonly #proxy: HttpProxy | undefined;
  readonly #millis: number;

  constructor(collector: Endpoint, proxy: HttpProxy | undefined, millis: number) {
    this.#collector = collector;
    this.#proxy = proxy;
    this.#millis = millis;
  }

  /** The end of the TCP connection. */
  get firstHop(): Endpoint {
    return this.#proxy ?? this.#collector;
  }

  connectTcp(addresses: readonly string[]): Promise<Socket> {
    const refusedCause = this.#proxy ? PROXY_REFUSED : COLLECTOR_REFUSED;
    return connectTcp(addresses, this.firstHop.port, { millis: this.#millis, refusedCause });
  }

  /** Opens the tunnel to the collector; undefined without a proxy. */
  async tunnel(socket: Socket): Promise<string | undefined> {
    if (this.#proxy === undefined) return undefined;
    try {
      await openTunnel(socket, { proxy: this.#proxy, collector: this.#collector, millis: this.#millis });
      return `${formatEndpoint(this.#proxy)} opened a tunnel to ${formatEndpoint(this.#collector)}`;
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      throw new StepFailure(error.message, this.#causeOf(error, this.#proxy));
    }
  }

  /** Connects once more, in one go. */
  async connect(addresses: readonly string[]): Promise<Socket> {
    const socket = await this.connectTcp(addresses);
    await this.tunnel(socket);
    return socket;
  }

  #causeOf({ status }: ProxyError, { authorization }: HttpProxy): string {
    if (status === undefined) return 'this is probably not an HTTP proxy: check host and port in HTTPS_PROXY';
    if (status === 407) {
      return authorization === undefined
        ? 'the proxy requires credentials: write HTTPS_PROXY=http://user:password@host:port'
        : 'the proxy rejects the credentials in HTTPS_PROXY';
    }
    if (status >= 500) {
      return 'the proxy cannot reach the collector: check SERVER_OTEL_COLLECTOR_URL, or add the host to NO_PROXY for a direct connection';
    }
    return 'the proxy forbids this tunnel: allow the host and port of the collector in the proxy, or add the host to NO_PROXY for a direct connection';
  }
}

const COLLECTOR_REFUSED =
  'nothing listens on this port: is the collector running, and is its OTLP/gRPC receiver (4317) on it?';
const PROXY_REFUSED = 'nothing listens on this port: is the proxy running, and is HTTPS_PROXY right?';

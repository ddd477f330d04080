import type { Socket } from 'node:net';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { type Endpoint, formatEndpoint } from '../configuration/endpoint.ts';
import type { HttpProxy } from '../configuration/proxy.ts';
import type { OtlpModules } from '../modules.ts';

// An `import` of node:http loads undici, which every service would pay for.
const { request } = process.getBuiltinModule('node:http');

/** The proxy does not open a tunnel to the collector. */
export class ProxyError extends Error {
  /** HTTP status of the proxy's answer; undefined if it answered nothing, or no HTTP. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

export interface TunnelOptions {
  readonly proxy: HttpProxy;
  readonly collector: Endpoint;
  readonly millis: number;
  readonly signal?: AbortSignal;
}

/**
 * Turns a connection to the proxy into one to the collector (HTTP CONNECT). The proxy resolves the collector's name. A
 * connection without success is destroyed.
 *
 * @throws ProxyError
 */
export async function openTunnel(socket: Socket, options: TunnelOptions): Promise<Socket> {
  const { proxy, collector, millis, signal } = options;
  const [proxyAddress, target] = [formatEndpoint(proxy), formatEndpoint(collector)];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (reason: string, status?: number) =>
    reject(new ProxyError(`proxy ${proxyAddress} opens no tunnel to ${target}: ${reason}`, status));
  // With a connection of its own, the request uses no agent, and so no proxy of Node.js (NODE_USE_ENV_PROXY).
  const connect = request({
    method: 'CONNECT',
    path: target,
    headers: {
      host: target,
      'user-agent': 'hatchet-server-otel',
      ...(proxy.authorization !== undefined && { 'proxy-authorization': proxy.authorization }),
    },
    createConnection: () => socket,
  });
  connect.once('connect', ({ statusCode = 0, statusMessage }, _socket, head: Buffer) => {
    if (statusCode !== 200) return fail(`${statusCode} ${statusMessage}`, statusCode);
    // The collector's first bytes may come with the proxy's answer.
    if (head.length > 0) socket.unshift(head);
    resolve();
  });
  connect.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
  const onAbort = () => fail('the channel was closed');
  signal?.addEventListener('abort', onAbort);
  const timer = setTimeout(fail, millis, `no answer in ${millis} ms`);
  connect.end();
  try {
    await promise;
    return socket;
  } catch (error) {
    connect.destroy();
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}

const TUNNEL_MILLIS = 10_000;

/**
 * Wraps credentials for a channel whose target is the proxy. gRPC's own way through a proxy reads other variables
 * (`grpc_proxy`, `http_proxy`), prints a line per failure, and leaves the connection of each refusal open.
 */
export function credentialsThroughProxy(
  { grpc }: Pick<OtlpModules, 'grpc'>,
  credentials: ChannelCredentials,
  proxy: HttpProxy,
  collector: Endpoint,
): ChannelCredentials {
  const target = { scheme: 'dns', path: formatEndpoint(collector) };
  class ProxyCredentials extends grpc.ChannelCredentials {
    override _isSecure() {
      return credentials._isSecure();
    }

    override _equals(other: ChannelCredentials): boolean {
      return other === this;
    }

    override _createSecureConnector(...[, options, callCredentials]: CreateConnectorParameters) {
      const connector = credentials._createSecureConnector(target, options, callCredentials);
      const closing = new AbortController();
      const tunnel = { proxy, collector, millis: TUNNEL_MILLIS, signal: closing.signal };
      return {
        connect: async (socket: Socket) => connector.connect(await openTunnel(socket, tunnel)),
        waitForReady: () => connector.waitForReady(),
        getCallCredentials: () => connector.getCallCredentials(),
        destroy: () => {
          closing.abort();
          connector.destroy();
        },
      };
    }
  }
  return new ProxyCredentials();
}

type CreateConnectorParameters = Parameters<ChannelCredentials['_createSecureConnector']>;

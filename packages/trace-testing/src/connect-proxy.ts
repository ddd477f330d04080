import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Resource } from './resources.ts';

export interface ConnectProxyOptions {
  /** Address to connect to for each `host:port` that a client may request; other requests are refused with 403. */
  readonly routes?: Readonly<Record<string, string>>;
  /** Required value of the `Proxy-Authorization` header; without it a request is refused with 407. */
  readonly authorization?: string;
  /** True: no request is answered. */
  readonly hangs?: boolean;
}

/** HTTP proxy that opens tunnels (CONNECT), in the test's own process. */
export class ConnectProxy implements Resource {
  /** `host:port` of each request, in order. */
  readonly requests: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start({ routes = {}, authorization, hangs = false }: ConnectProxyOptions = {}): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(createServer());
    proxy.#server.on('connection', (socket) => proxy.#keep(socket));
    proxy.#server.on('connect', ({ url = '', headers }, client: Socket, head: Buffer) => {
      proxy.requests.push(url);
      client.resume().once('end', () => client.end()); // sockets of an HTTP server stay half-open
      if (hangs) return;
      const route = Object.hasOwn(routes, url) ? routes[url] : undefined;
      if (authorization !== undefined && headers['proxy-authorization'] !== authorization) {
        client.write('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
      } else if (route === undefined) {
        client.write('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
      } else proxy.#open(route, client, head);
    });
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** `host:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Number of open connections of clients and to their targets. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Cuts all connections; new ones are accepted. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): void {
    this.cut();
    this.#server.close();
  }

  #open(route: string, client: Socket, head: Buffer): void {
    const [host, port] = route.split(':');
    const target = this.#keep(connect({ host: host ?? '', port: Number(port) }));
    target.once('connect', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      client.pipe(target).pipe(client);
    });
    target.once('close', () => client.destroy());
    client.once('close', () => target.destroy());
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

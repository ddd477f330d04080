import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import type { Resource } from './resources.ts';

export interface TcpLinkOptions {
  /** `host:port` of the server. */
  readonly to: string;
  /** Delay of every byte in each direction, in milliseconds. Default: 0. */
  readonly delayMs?: number;
}

/** TCP proxy with the faults of a network. It closes a connection when either side does. */
export class TcpLink implements Resource {
  /** `host:port` of the proxy, to be used instead of the server's. */
  readonly address: string;
  readonly #server: Server;
  readonly #connections: Set<Connection>;

  private constructor(server: Server, connections: Set<Connection>) {
    this.#server = server;
    this.#connections = connections;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start({ to, delayMs = 0 }: TcpLinkOptions): Promise<TcpLink> {
    const { hostname, port } = new URL(`tcp://${to}`);
    const connections = new Set<Connection>();
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const behind = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      const connection = new Connection(client, behind, delayMs);
      connections.add(connection);
      client.once('close', () => connections.delete(connection));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpLink(server, connections);
  }

  /**
   * Makes the present connections a black hole: they stay open, but no byte and no end arrives any more, as behind a
   * firewall that has forgotten them. New connections work.
   *
   * @returns the number of silenced connections
   */
  silence(): number {
    for (const connection of this.#connections) connection.isSilent = true;
    return this.#connections.size;
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}

class Connection {
  isSilent = false;
  readonly #sockets: readonly Socket[];

  constructor(client: Socket, server: Socket, delayMs: number) {
    this.#sockets = [client, server];
    const broken = (error: Error | null | undefined) => {
      if (error) this.destroy(); // without an error one direction has ended; the other may still be open
    };
    pipeline(client, this.#forward(delayMs), server, broken);
    pipeline(server, this.#forward(delayMs), client, broken);
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Creates a stream that forwards every chunk after a delay, in order and without limiting the rate. */
  #forward(delayMs: number): Transform {
    const link: Transform = new Transform({
      transform: (chunk, _, done) => {
        setTimeout(() => {
          if (!link.destroyed && !this.isSilent) link.push(chunk);
        }, delayMs);
        done();
      },
      flush: (done) => {
        setTimeout(() => {
          if (!this.isSilent) done();
        }, delayMs);
      },
    });
    return link;
  }
}

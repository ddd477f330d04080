import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import type { Resource } from '@hatchet-ts/trace-testing';

/** TCP proxy that delays every byte in both directions. It closes a connection when either side does. */
export class SlowLink implements Resource {
  /** `host:port` of the proxy, to be used instead of the server's. */
  readonly address: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /**
   * Starts a proxy.
   *
   * @param to - `host:port` of the server
   * @param delayMs - delay of every byte in milliseconds
   */
  static async start({ to, delayMs }: { to: string; delayMs: number }): Promise<SlowLink> {
    const { hostname, port } = new URL(`tcp://${to}`);
    const sockets = new Set<Socket>();
    const server = createServer({ allowHalfOpen: true }, (client) => {
      const behind = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
      for (const socket of [client, behind]) {
        sockets.add(socket);
        socket.once('close', () => sockets.delete(socket));
      }
      const broken = (error: Error | null | undefined) => {
        if (!error) return; // one direction has ended; the other may still be open
        client.destroy();
        behind.destroy();
      };
      pipeline(client, delayStream(delayMs), behind, broken);
      pipeline(behind, delayStream(delayMs), client, broken);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SlowLink(server, sockets);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Creates a stream that forwards every chunk after a delay, in order and without limiting the rate. */
function delayStream(milliseconds: number): Transform {
  const link: Transform = new Transform({
    transform(chunk, _, done) {
      setTimeout(() => {
        if (!link.destroyed) link.push(chunk);
      }, milliseconds);
      done();
    },
    flush(done) {
      setTimeout(done, milliseconds);
    },
  });
  return link;
}

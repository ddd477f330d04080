import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline, Transform } from 'node:stream';
import type { Resource } from './resources.ts';

/** A link to a server over which everything takes longer, there and back. It closes when either side does. */
export class SlowLink implements Resource {
  /** `host:port` in place of the server's own. */
  readonly address: string;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /**
   * @param to - `host:port` of the server
   * @param delayMs - milliseconds by which every byte comes later
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
        if (!error) return; // one direction is at its end, and the other may still be going on
        client.destroy();
        behind.destroy();
      };
      pipeline(client, delaying(delayMs), behind, broken);
      pipeline(behind, delaying(delayMs), client, broken);
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

/** Hands every chunk on after a time, in their order; the next one need not wait for the one before to have left. */
function delaying(milliseconds: number): Transform {
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

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { StartError } from './errors.ts';

/**
 * Finds a port of 127.0.0.1 that is free now: the given one, or any for 0.
 *
 * @param variable environment variable that sets the port, for the message
 * @throws StartError if the port is taken or cannot be used
 */
export async function freePort(port: number, variable: string): Promise<number> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'is in use by another process' : `cannot be used (${code})`;
    throw new StartError(`port ${port} ${reason}: stop that process, or set ${variable} to another port`, 1, {
      cause,
    });
  } finally {
    server.close();
  }
}

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { StartError } from './start-error.ts';

/**
 * A port of 127.0.0.1 that is free at this moment: the one that is asked for, or any for 0.
 *
 * @param variable the environment variable that chooses another one
 * @throws StartError when the port is taken or may not be used
 */
export async function freePort(port: number, variable: string): Promise<number> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const reason = code === 'EADDRINUSE' ? 'is taken by another process' : `cannot be used (${code})`;
    throw new StartError(`port ${port} ${reason}: end what uses it, or choose another one with ${variable}`, 1, {
      cause,
    });
  } finally {
    server.close();
  }
}

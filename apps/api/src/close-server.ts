import { once } from 'node:events';
import type { Server } from 'node:http';

/** Milliseconds between two checks for connections that have become idle. */
const POLL_MS = 50;

/**
 * Closes a server: it accepts no new connection, answers the requests under way, and closes every connection after
 * its answer. Each answer tells a keep-alive client to connect again elsewhere; otherwise a busy client would keep
 * its connection, and would be cut off in the middle of a request at the end.
 *
 * @param graceMs milliseconds after which all connections are closed, whatever is under way
 */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.prependListener('request', (_, response) => {
    response.shouldKeepAlive = false;
  });
  server.close();
  const polling = setInterval(() => server.closeIdleConnections(), POLL_MS);
  const deadline = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(polling);
  clearTimeout(deadline);
}

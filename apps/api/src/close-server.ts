import { once } from 'node:events';
import type { Server } from 'node:http';

/** How often connections are looked at that have become idle, in milliseconds. */
const LOOK_MS = 50;

/**
 * Takes no new connection, answers what has begun, and resolves when all connections are closed. A client that always
 * has a next request is told with each answer to make it on another connection; otherwise it would keep this one, and
 * be cut off in the middle at the end.
 *
 * @param graceMs - milliseconds after which connections are closed, whatever is under way on them
 */
export async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.prependListener('request', (_, response) => {
    response.shouldKeepAlive = false;
  });
  server.close();
  const looking = setInterval(() => server.closeIdleConnections(), LOOK_MS);
  const hurry = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(looking);
  clearTimeout(hurry);
}

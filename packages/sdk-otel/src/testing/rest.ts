import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Request that the REST API received. */
export interface RestRequest {
  readonly path: string;
  readonly body: {
    readonly additionalMetadata?: Record<string, string>;
    readonly externalIds?: readonly string[];
    readonly [key: string]: unknown;
  };
}

/** Part of Hatchet's REST API that schedules, crons, cancel and replay need. */
export interface RestServer {
  readonly url: string;
  /** Received POST requests. */
  readonly requests: RestRequest[];
  stop(): void;
}

/** @param refuses returns true if the next command gets an error */
export async function startRest(refuses: () => boolean): Promise<RestServer> {
  const requests: RestRequest[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    response.setHeader('content-type', 'application/json');
    if (request.method !== 'POST') return response.end('{}');
    const body: RestRequest['body'] = JSON.parse((await textOf(request)) || '{}');
    requests.push({ path, body });
    if (refuses()) return response.writeHead(400).end('{"errors":[{"description":"not today"}]}');
    return response.end(JSON.stringify(answer(path, body)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(path: string, body: RestRequest['body']): object {
  // a filter matches two runs
  if (/\/tasks\/(cancel|replay)$/.test(path)) return { ids: body.externalIds ?? ['run-1', 'run-2'] };
  return { metadata: { id: randomUUID() }, ...body };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { withDeadline } from '@hatchet-ts/internal/deadline';
import { type Endpoint, formatEndpoint } from '../configuration/endpoint.ts';
import { codeOf } from './connection.ts';
import { StepFailure } from './step.ts';
import { causeOfAlert } from './tls-handshake.ts';

export interface Http2Options {
  readonly collector: Endpoint;
  /** Opens another connection, to find the cause of a failure. */
  readonly connect: () => Promise<Socket>;
  /** Undefined: plaintext. */
  readonly tls?: { readonly hasClientCertificate: boolean; readonly negotiatedHttp2: boolean };
  readonly millis: number;
}

/**
 * Waits for the SETTINGS frame that every HTTP/2 server sends first. With TLS 1.3, a collector refuses a client
 * certificate, or the lack of one, only now: the handshake has succeeded by then.
 */
export async function awaitHttp2Settings(socket: Socket, options: Http2Options): Promise<void> {
  const { collector, tls, millis } = options;
  const session = connectHttp2(`${tls ? 'https' : 'http'}://${formatEndpoint(collector)}`, {
    createConnection: () => socket,
  });
  const settings = new Promise<void>((resolve, reject) => {
    session.once('remoteSettings', () => resolve());
    session.once('error', reject);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed')));
  });
  try {
    await withDeadline(settings, millis, () => new StepFailure(`no answer in ${millis} ms`, ''));
  } catch (error) {
    const detail = error instanceof StepFailure ? error.message : codeOf(error);
    throw new StepFailure(detail, await causeOf(detail, options));
  } finally {
    session.on('error', () => {});
    socket.on('error', () => {});
    session.destroy();
    socket.destroy();
  }
}

/** Connects again in other ways, to distinguish a wrong port from a wrong TLS setting. */
async function causeOf(detail: string, { connect, tls, millis }: Http2Options): Promise<string> {
  if (tls) {
    if (/ALERT|SSL/.test(detail)) return causeOfAlert(detail);
    if (!tls.negotiatedHttp2) return 'this port does not speak HTTP/2: 4318 is OTLP over HTTP, 4317 gRPC';
    // Some servers send no alert.
    return `the collector closed the connection after the handshake; probably it ${
      tls.hasClientCertificate
        ? 'does not accept the client certificate: is it issued by an authority that the collector trusts?'
        : 'requires a client certificate: set SERVER_OTEL_TLS_CERT_FILE and SERVER_OTEL_TLS_KEY_FILE'
    }`;
  }
  if (await speaksTls(connect, millis))
    return 'the collector speaks TLS: remove SERVER_OTEL_INSECURE, or set it to false';
  if (await speaksHttp1(connect, millis)) {
    return 'an HTTP/1.1 server answers: OTLP over gRPC uses port 4317, 4318 is OTLP over HTTP';
  }
  return 'this port does not speak HTTP/2: is it the port of the OTLP/gRPC receiver (4317)?';
}

async function speaksTls(connect: Http2Options['connect'], millis: number): Promise<boolean> {
  const socket = await connect().catch(() => undefined);
  if (socket === undefined) return false;
  // Unverified: the connection only tests for TLS and carries no data.
  return firstEvent(connectTls({ socket, rejectUnauthorized: false }), 'secureConnect', millis, () => true);
}

async function speaksHttp1(connect: Http2Options['connect'], millis: number): Promise<boolean> {
  const socket = await connect().catch(() => undefined);
  socket?.write('GET / HTTP/1.1\r\nhost: check\r\n\r\n');
  return socket !== undefined && firstEvent(socket, 'data', millis, (data) => String(data).startsWith('HTTP/1'));
}

async function firstEvent(
  socket: Socket,
  event: string,
  millis: number,
  test: (data: unknown) => boolean,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once(event, (data: unknown) => resolve(test(data)));
  socket.once('error', () => resolve(false)).once('close', () => resolve(false));
  const timer = setTimeout(resolve, Math.min(millis, 2000), false);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

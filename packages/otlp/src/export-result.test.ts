import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import * as grpc from '@grpc/grpc-js';
import { Resources } from '@hatchet-ts/trace-testing';
import { type Answer, OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { afterEach, describe, expect, it } from 'vitest';
import { OtlpClient, TRACES_METHOD } from './client.ts';
import { exportRequest } from './export-result.ts';

const resources = new Resources();
afterEach(() => resources.stop());

function clientOf(target: string): OtlpClient {
  const credentials = grpc.credentials.createInsecure();
  const metadata = async () => {
    const headers = new grpc.Metadata();
    headers.set('authorization', 'Bearer s3cret');
    return headers;
  };
  const client = new OtlpClient(
    grpc,
    { target, channelOptions: {}, credentials: () => credentials, metadata },
    TRACES_METHOD,
  );
  resources.defer(() => client.close());
  return client;
}

async function resultOf(answer: Answer) {
  const receiver = resources.use(await OtlpReceiver.start({ answer }));
  return exportRequest(clientOf(receiver.address), new Uint8Array(), 5000);
}

/** Sends a request to an HTTP/2 server that is not a gRPC server. */
async function resultOfHttp(status: number, contentType: string, body: string) {
  const server = createServer((_, response) => {
    response.writeHead(status, { 'content-type': contentType }).end(body);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  resources.defer(() => void server.close());
  return exportRequest(clientOf(`127.0.0.1:${(server.address() as AddressInfo).port}`), new Uint8Array(), 5000);
}

describe('a refusal of the size is recognized:', () => {
  it.each([
    ['Go', grpc.status.RESOURCE_EXHAUSTED, 'grpc: received message larger than max (5242880 vs. 4194304)'],
    ['Go, compressed', grpc.status.RESOURCE_EXHAUSTED, 'grpc: received message after decompression larger than max 9'],
    ['Node.js', grpc.status.RESOURCE_EXHAUSTED, 'Received message larger than max (5242880 vs 4194304)'],
    [
      'the SDK’s own limit',
      grpc.status.RESOURCE_EXHAUSTED,
      'Attempted to send message with a size larger than 4194304',
    ],
    [
      'Node.js, compressed',
      grpc.status.RESOURCE_EXHAUSTED,
      'Received message that decompresses to a size larger than 1048576',
    ],
    ['Java', grpc.status.RESOURCE_EXHAUSTED, 'gRPC message exceeds maximum size 4194304: 5242880'],
    ['.NET', grpc.status.RESOURCE_EXHAUSTED, 'Received message exceeds the maximum configured message size.'],
    [
      'Rust',
      grpc.status.OUT_OF_RANGE,
      'Error, decoded message length too large: found 5242880 bytes, the limit is: 4194304 bytes',
    ],
  ])('%s', async (_, status, details) => {
    expect(await resultOf({ status, details })).toMatchObject({ kind: 'too large' });
  });

  it('HTTP 413 of a proxy', async () => {
    expect(await resultOfHttp(413, 'text/html', '<html>413 Request Entity Too Large</html>')).toMatchObject({
      kind: 'too large',
      error: '2 UNKNOWN: Received HTTP status code 413',
    });
  });
});

describe('another refusal is not taken for one:', () => {
  it.each([
    ['a quota', { status: grpc.status.RESOURCE_EXHAUSTED, details: 'too many messages in this minute' }, 'refused'],
    ['memory', { status: grpc.status.RESOURCE_EXHAUSTED, details: 'data refused due to high memory usage' }, 'refused'],
    [
      'one with a delay',
      { status: grpc.status.RESOURCE_EXHAUSTED, details: 'message larger than max', retryDelayMs: 5 },
      'retry',
    ],
    ['a range', { status: grpc.status.OUT_OF_RANGE, details: 'no such page' }, 'retry'],
    ['another status', { status: grpc.status.INVALID_ARGUMENT, details: 'message too large' }, 'refused'],
  ] as const)('%s', async (_, answer, kind) => {
    expect(await resultOf(answer)).toMatchObject({ kind });
  });

  it('a web page with HTTP status 200', async () => {
    expect(await resultOfHttp(200, 'text/html; charset=utf-8', '<!doctype html><title>Sign in</title>')).toEqual({
      kind: 'refused',
      status: 'UNKNOWN',
      error:
        'HTTP status code 200 with content-type text/html; charset=utf-8: an HTTP server answers, not a gRPC server',
    });
  });
});

it('a partial success has its numbers and its message, without the token', async () => {
  expect(await resultOf({ rejectedSpans: 0, message: 'Bearer s3cret expires soon' })).toEqual({
    kind: 'accepted',
    rejected: 0,
    message: '(hidden) expires soon',
  });
  expect(await resultOf({ rejectedSpans: -1 })).toMatchObject({ kind: 'accepted', rejected: 0 });
});

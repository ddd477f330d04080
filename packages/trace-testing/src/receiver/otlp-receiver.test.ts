import { Client, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import protobuf from 'protobufjs';
import { afterEach, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../certificates.ts';
import { Resources } from '../resources.ts';
import { OtlpReceiver, type ReceiverOptions } from './otlp-receiver.ts';

const resources = new Resources();
afterEach(() => resources.stop());

describe('an OTLP receiver', () => {
  it('keeps the calls of the stock exporter with headers, and reads their spans', async () => {
    const receiver = await start();
    const [root, child] = spans('order', 'charge');
    expect(await send(receiver, [root!, child!])).toBe('accepted');
    expect(receiver.calls).toHaveLength(1);
    expect(receiver.calls[0]!.headers['user-agent']).toContain('OTel-OTLP-Exporter');
    expect(receiver.spans).toEqual(
      [root!, child!].map((span) => ({
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentSpanId: '',
        name: span.name,
      })),
    );
  });

  it('answers each call as the test decides, and counts the accepted spans', async () => {
    const receiver = await start({ answer: ({ number }) => (number === 1 ? { status: status.INTERNAL } : 'accept') });
    const batch = spans('a', 'b', 'c');
    expect(await send(receiver, batch)).toContain('refused by the test');
    receiver.answerNext({ rejectedSpans: 1, message: 'too old' });
    expect(await send(receiver, batch)).toBe('accepted');
    receiver.answer({ delayMs: 1 });
    expect(await send(receiver, batch)).toBe('accepted');
    expect(receiver.spans).toHaveLength(9);
    expect(receiver.acceptedSpans.map(({ name }) => name)).toEqual(['b', 'c', 'a', 'b', 'c']);
    expect(receiver.distinctSpans).toBe(3);
  });

  it('sends a retry delay as google.rpc.RetryInfo', async () => {
    const receiver = await start({ answer: { status: status.UNAVAILABLE, retryDelayMs: 2_500 } });
    const { error } = await exportNothing(receiver);
    expect(error?.code).toBe(status.UNAVAILABLE);
    const { code, details } = decode('Status', error?.metadata.get('grpc-status-details-bin')[0] as Buffer);
    expect(code).toBe(status.UNAVAILABLE);
    expect(details[0].typeUrl).toBe('type.googleapis.com/google.rpc.RetryInfo');
    expect(decode('RetryInfo', details[0].value)).toEqual({ retryDelay: { seconds: 2, nanos: 500_000_000 } });
  });

  it('sends the number of rejected spans as a partial success', async () => {
    const receiver = await start({ answer: { rejectedSpans: 300, message: 'too old' } });
    const { response } = await exportNothing(receiver);
    expect(decode('ExportTraceServiceResponse', response)).toEqual({
      partialSuccess: { rejectedSpans: 300, errorMessage: 'too old' },
    });
  });

  it('takes a call and never answers it', async () => {
    const receiver = await start({ answer: 'hang' });
    expect(await send(receiver, spans('a'), { timeoutMillis: 500 })).not.toBe('accepted');
    expect(receiver.spans).toHaveLength(1);
    expect(receiver.acceptedSpans).toEqual([]);
  });

  it('listens on the same port after a restart', async () => {
    const receiver = await start();
    const { address } = receiver;
    receiver.stop();
    expect(await send(receiver, spans('lost'), { timeoutMillis: 500 })).not.toBe('accepted');
    await receiver.restart();
    expect(receiver.address).toBe(address);
    expect(await send(receiver, spans('kept'))).toBe('accepted');
  });

  it('requires a client certificate of its authority', async () => {
    const [authority, other] = await Promise.all([
      CertificateAuthority.create(),
      CertificateAuthority.create('Other CA'),
    ]);
    const server = await authority.issue({ name: 'collector', hosts: ['localhost'] });
    const receiver = await start({ host: 'localhost', tls: { ...server, clientAuthority: authority.certificate } });
    const sendAs = async (issuer: CertificateAuthority) => {
      const { certificate, key } = await issuer.issue({ name: 'engine' });
      const [root, ...pair] = [authority.certificate, key, certificate].map((pem) => Buffer.from(pem));
      return send(receiver, spans('a'), {
        credentials: credentials.createSsl(root, pair[0], pair[1]),
        timeoutMillis: 2_000,
      });
    };
    expect(receiver.url).toBe(`https://${receiver.address}`);
    expect(await sendAs(authority)).toBe('accepted');
    expect(await sendAs(other)).not.toBe('accepted');
  });

  it('answers UNIMPLEMENTED for a signal that it does not serve', async () => {
    const receiver = await start({ signals: ['metrics'] });
    expect(await send(receiver, spans('a'))).toContain('UNIMPLEMENTED');
  });
});

async function start(options?: ReceiverOptions): Promise<OtlpReceiver> {
  return resources.use(await OtlpReceiver.start(options));
}

/** Ends a root span of each name. */
function spans(...names: string[]): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  for (const name of names) provider.getTracer('test').startSpan(name).end();
  return exporter.getFinishedSpans();
}

/** Returns `accepted`, or the exporter's error. */
async function send(
  receiver: OtlpReceiver,
  batch: ReadableSpan[],
  options: ConstructorParameters<typeof OTLPTraceExporter>[0] = {},
): Promise<string> {
  const exporter = new OTLPTraceExporter({ url: receiver.url, ...options });
  try {
    return await new Promise((resolve) =>
      exporter.export(batch, ({ code, error }) => resolve(code === 0 ? 'accepted' : String(error))),
    );
  } finally {
    await exporter.shutdown();
  }
}

/** Calls the trace service with an empty request. */
async function exportNothing(receiver: OtlpReceiver): Promise<{ response: Buffer; error: ServiceError | null }> {
  const client = new Client(receiver.address, credentials.createInsecure());
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  const identity = (bytes: Buffer) => bytes;
  try {
    return await new Promise((resolve) =>
      client.makeUnaryRequest(path, identity, identity, Buffer.alloc(0), (error, response) =>
        resolve({ response: response ?? Buffer.alloc(0), error }),
      ),
    );
  } finally {
    client.close();
  }
}

const MESSAGES = protobuf.parse(`
  syntax = "proto3";
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }
  message PartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
  message ExportTraceServiceResponse { PartialSuccess partial_success = 1; }
`).root;

function decode(name: string, bytes: Uint8Array) {
  const type = MESSAGES.lookupType(name);
  return type.toObject(type.decode(bytes), { longs: Number });
}

import { type Metadata, Metadata as MetadataOf, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { bytesFields } from '../delivery/encoding/protobuf-reader.ts';
import { ProtobufWriter } from '../delivery/encoding/protobuf-writer.ts';
import { type ReceivedCall, startCollector, type TestCollector, type TestCollectorOptions } from './collector.ts';

/** Reaction of a collector to a call. */
export type Reaction =
  | 'accept'
  /** Never answers. */
  | 'hang'
  /** Accepts after so many milliseconds. */
  | { readonly slow: number }
  /** Accepts the call, but rejects so many of its spans. */
  | { readonly rejected: number; readonly message?: string }
  /** A gRPC status; `retryMillis` adds a `google.rpc.RetryInfo`. */
  | { readonly status: number; readonly details?: string; readonly retryMillis?: number };

/** An OTLP/gRPC collector with scripted reactions that counts the spans it has acknowledged. */
export interface ScriptedCollector {
  readonly address: string;
  /** Number of different acknowledged spans. */
  readonly distinctSpans: number;
  /** Number of acknowledged spans, including repetitions. */
  readonly acknowledgedSpans: number;
  /** Number of spans of each call, answered or not. */
  readonly sizes: number[];
  readonly calls: ReceivedCall[];
  /** Client address of each call. */
  readonly peers: string[];
  /** Sets the reaction to the next calls; a function is called for each. */
  react(reaction: Reaction | ((call: number) => Reaction)): void;
  /** Drops all connections and stops listening. */
  stop(): void;
  /** Listens again on the same port. Does nothing if it still listens. */
  restart(): Promise<void>;
}

export async function startScriptedCollector(
  options: Pick<TestCollectorOptions, 'port' | 'tls'> = {},
): Promise<ScriptedCollector> {
  let script: (call: number) => Reaction = () => 'accept';
  let acknowledgedSpans = 0;
  const distinct = new Set<string>();
  const sizes: number[] = [];
  const calls: ReceivedCall[] = [];
  const peers: string[] = [];

  const acknowledge = (spans: readonly string[], response: Buffer, done: sendUnaryData<Buffer>) => {
    acknowledgedSpans += spans.length;
    for (const span of spans) distinct.add(span);
    done(null, response);
  };
  const respond = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) => {
    const spans = spanIds(call.request);
    calls.push({ path: call.getPath(), headers: call.metadata.getMap(), bytes: call.request });
    peers.push(call.getPeer());
    sizes.push(spans.length);
    const reaction = script(sizes.length);
    if (reaction === 'accept') acknowledge(spans, Buffer.alloc(0), done);
    else if (reaction === 'hang') return;
    else if ('slow' in reaction) setTimeout(acknowledge, reaction.slow, spans, Buffer.alloc(0), done);
    else if ('rejected' in reaction) {
      acknowledge(spans.slice(reaction.rejected), partialSuccess(reaction.rejected, reaction.message ?? ''), done);
    } else done({ code: reaction.status, details: reaction.details ?? 'scripted', metadata: retryInfo(reaction) });
  };

  const listen = (port?: number) => startCollector('127.0.0.1', { ...options, respond, ...(port && { port }) });
  let listening: TestCollector = await listen(options.port);
  let listens = true;
  return {
    address: listening.address,
    get distinctSpans() {
      return distinct.size;
    },
    get acknowledgedSpans() {
      return acknowledgedSpans;
    },
    sizes,
    calls,
    peers,
    react: (reaction) => {
      script = typeof reaction === 'function' ? reaction : () => reaction;
    },
    stop: () => {
      listens = false;
      listening.close();
    },
    restart: async () => {
      if (listens) return;
      listening = await listen(listening.port);
      listens = true;
    },
  };
}

/** Returns trace and span id of every span in an `ExportTraceServiceRequest`. */
export function spanIds(request: Buffer): string[] {
  return bytesFields(request, 1)
    .flatMap((resourceSpans) => bytesFields(resourceSpans, 2))
    .flatMap((scopeSpans) => bytesFields(scopeSpans, 2))
    .map((span) => span.toString('hex', 2, 18) + span.toString('hex', 20, 28)); // ids are the first fields, of fixed size
}

function partialSuccess(rejected: number, message: string): Buffer {
  return messageOf((response) => {
    response.byte(0x0a);
    const partial = response.begin(1);
    response.reserve(16);
    response.byte(0x08);
    response.varint(rejected);
    response.byte(0x12);
    response.string(message);
    response.end(partial, 1);
  });
}

/** Encodes a `google.rpc.Status` with a `RetryInfo`, as trailing metadata. */
function retryInfo({ status, retryMillis }: { status: number; retryMillis?: number }): Metadata {
  const metadata = new MetadataOf();
  if (retryMillis === undefined) return metadata;
  const details = messageOf((writer) => {
    writer.byte(0x08);
    writer.varint(status);
    writer.byte(0x1a);
    const any = writer.begin(1);
    writer.reserve(64);
    writer.byte(0x0a);
    writer.string('type.googleapis.com/google.rpc.RetryInfo');
    writer.reserve(64);
    writer.byte(0x12);
    const info = writer.begin(1);
    writer.byte(0x0a);
    const duration = writer.begin(1);
    writer.byte(0x08);
    writer.varint(Math.floor(retryMillis / 1000));
    writer.byte(0x10);
    writer.varint((retryMillis % 1000) * 1e6);
    writer.end(duration, 1);
    writer.end(info, 1);
    writer.end(any, 1);
  });
  metadata.set('grpc-status-details-bin', details);
  return metadata;
}

function messageOf(write: (writer: ProtobufWriter) => void): Buffer {
  const writer = new ProtobufWriter(256);
  write(writer);
  return writer.bytes.subarray(0, writer.position);
}

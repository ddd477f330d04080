import { Metadata, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { Writer } from 'protobufjs/minimal.js';

/** Answer of an OTLP receiver to one call. */
export type Answer =
  | 'accept'
  /** Takes the call and never answers. */
  | 'hang'
  /** Accepts after a delay. */
  | { readonly delayMs: number }
  /** Accepts the call but rejects its first spans (OTLP partial success). */
  | { readonly rejectedSpans: number; readonly message?: string }
  /** Fails with a gRPC status; `retryDelayMs` adds a `google.rpc.RetryInfo`. */
  | { readonly status: number; readonly details?: string; readonly retryDelayMs?: number };

export type ExportCall = ServerUnaryCall<Buffer, Buffer>;

/** Sends the answer. Calls `accepted` with the number of rejected spans when it accepts the call. */
export function sendAnswer(
  answer: Answer,
  send: sendUnaryData<Buffer>,
  accepted: (rejectedSpans: number) => void,
): void {
  const accept = (rejectedSpans: number, response: Buffer) => {
    accepted(rejectedSpans);
    send(null, response);
  };
  if (answer === 'accept') accept(0, EMPTY);
  else if (answer === 'hang') return;
  else if ('delayMs' in answer) setTimeout(accept, answer.delayMs, 0, EMPTY);
  else if ('rejectedSpans' in answer) accept(answer.rejectedSpans, encodePartialSuccess(answer));
  else {
    const { status, details = 'refused by the test', retryDelayMs } = answer;
    send({
      code: status,
      details,
      ...(retryDelayMs !== undefined && { metadata: encodeRetryInfo(status, retryDelayMs) }),
    });
  }
}

const EMPTY = Buffer.alloc(0);

/** Encodes an `ExportTraceServiceResponse` with a `partial_success`. */
function encodePartialSuccess({ rejectedSpans, message = '' }: { rejectedSpans: number; message?: string }): Buffer {
  const writer = Writer.create();
  writer.uint32(tag(1, LENGTH_DELIMITED)).fork();
  writer.uint32(tag(1, VARINT)).int64(rejectedSpans);
  writer.uint32(tag(2, LENGTH_DELIMITED)).string(message);
  return Buffer.from(writer.ldelim().finish());
}

/** Encodes a `google.rpc.Status` with a `RetryInfo` as the trailer that carries it. */
function encodeRetryInfo(status: number, delayMs: number): Metadata {
  const writer = Writer.create();
  writer.uint32(tag(1, VARINT)).int32(status);
  writer.uint32(tag(3, LENGTH_DELIMITED)).fork(); // details: google.protobuf.Any
  writer.uint32(tag(1, LENGTH_DELIMITED)).string('type.googleapis.com/google.rpc.RetryInfo');
  writer.uint32(tag(2, LENGTH_DELIMITED)).fork();
  writer.uint32(tag(1, LENGTH_DELIMITED)).fork(); // retry_delay: google.protobuf.Duration
  writer.uint32(tag(1, VARINT)).int64(Math.floor(delayMs / 1000));
  writer.uint32(tag(2, VARINT)).int32((delayMs % 1000) * 1e6);
  writer.ldelim().ldelim().ldelim();
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(writer.finish()));
  return metadata;
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const tag = (field: number, wireType: number) => (field << 3) | wireType;

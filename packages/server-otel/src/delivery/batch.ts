import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { ProtobufWriter } from './encoding/protobuf-writer.ts';
import { encodeRequest, resourceFrameSize, scopeFrameSize } from './encoding/request.ts';
import { writeSpan } from './encoding/span.ts';

/** Encoded spans, ready to be sent. */
export interface Batch {
  readonly spans: number;
  /** An `ExportTraceServiceRequest`. */
  readonly request: Buffer;
}

/** A batch that still grows: spans of one resource, already encoded and grouped by scope. */
export class OpenBatch {
  readonly resource: Resource;
  spans = 0;
  /** Size of the spans, without resource and scopes. */
  bytes = 0;
  readonly #writers = new Map<InstrumentationScope, ProtobufWriter>();
  readonly #pool: WriterPool;
  /** Upper bound of the size of resource and scopes, as far as the resource is detected. */
  #frameBytes: number;

  constructor(resource: Resource, pool: WriterPool) {
    this.resource = resource;
    this.#pool = pool;
    this.#frameBytes = resourceFrameSize(resource);
  }

  /** Upper bound of the size of the request. */
  get requestBytes(): number {
    return this.bytes + this.#frameBytes;
  }

  /** Encodes a span and keeps it if it `fits`. If not, or if encoding throws, the batch stays as it was. */
  add(span: ReadableSpan, fits: (size: number) => boolean): boolean {
    const writer = this.#writerOf(span.instrumentationScope);
    const start = writer.position;
    let added = false;
    try {
      writeSpan(writer, span);
      const size = writer.position - start;
      added = fits(size);
      if (added) {
        this.spans++;
        this.bytes += size;
      }
    } finally {
      if (!added) writer.position = start;
    }
    return added;
  }

  /** Encodes the request and returns the writers to the pool. */
  seal(allocate: (size: number) => Buffer): Batch {
    const groups = [...this.#writers]
      .filter(([, { position }]) => position > 0)
      .map(([scope, { bytes, position }]) => ({ scope, spans: bytes.subarray(0, position) }));
    const request = encodeRequest(this.resource, groups, allocate);
    for (const writer of this.#writers.values()) this.#pool.release(writer);
    this.#writers.clear();
    return { spans: this.spans, request };
  }

  #writerOf(scope: InstrumentationScope): ProtobufWriter {
    let writer = this.#writers.get(scope);
    if (writer === undefined) {
      writer = this.#pool.take();
      this.#writers.set(scope, writer);
      this.#frameBytes += scopeFrameSize(scope);
    }
    return writer;
  }
}

/** Pool of writers whose buffers have grown to the size of a batch; keeps no more than a few batches need. */
export class WriterPool {
  readonly #writers: ProtobufWriter[] = [];
  #bytes = 0;

  take(): ProtobufWriter {
    const writer = this.#writers.pop();
    if (writer === undefined) return new ProtobufWriter(FIRST_SIZE);
    this.#bytes -= writer.bytes.length;
    return writer;
  }

  release(writer: ProtobufWriter): void {
    if (this.#bytes + writer.bytes.length > KEPT_BYTES) return;
    writer.position = 0;
    this.#writers.push(writer);
    this.#bytes += writer.bytes.length;
  }
}

/**
 * Memory for requests. Small batches get exactly their size. Full batches follow each other under load and take turns in
 * a few buffers: collecting a buffer of 1 MiB costs the garbage collector more than writing its content.
 */
export class RequestBuffers {
  readonly #size: number;
  readonly #spare: ArrayBuffer[] = [];

  /** @param batchBytes largest size of a request with several spans */
  constructor(batchBytes: number) {
    this.#size = batchBytes;
  }

  take(size: number): Buffer {
    const isFull = size <= this.#size && size > this.#size - this.#size / 8;
    if (!isFull) return Buffer.allocUnsafeSlow(size);
    return Buffer.from(this.#spare.pop() ?? new ArrayBuffer(this.#size), 0, size);
  }

  /** Takes back the memory of a request that is no longer read. */
  release({ buffer }: Buffer): void {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === this.#size && this.#spare.length < KEPT_BUFFERS) {
      this.#spare.push(buffer);
    }
  }
}

const KEPT_BUFFERS = 3;
const FIRST_SIZE = 16 * 1024;
const KEPT_BYTES = 4 * 1024 * 1024;

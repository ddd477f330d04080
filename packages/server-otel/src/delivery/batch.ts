import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ProtobufWriter } from './encoding/protobuf-writer.ts';
import { encodeRequest } from './encoding/request.ts';
import { writeSpan } from './encoding/span.ts';

/** A request that is ready to be sent. */
export interface Batch {
  readonly spans: number;
  /** An `ExportTraceServiceRequest`. */
  readonly request: Buffer;
}

/** Spans of one resource that are encoded already, each scope's one after the other, and wait for others. */
export class OpenBatch {
  readonly resource: Resource;
  spans = 0;
  /** Of the spans alone. */
  bytes = 0;
  readonly #writers = new Map<InstrumentationScope, ProtobufWriter>();
  readonly #spare: SpareWriters;

  constructor(resource: Resource, spare: SpareWriters) {
    this.resource = resource;
    this.#spare = spare;
  }

  /**
   * Encodes a span and asks, once its size is known, whether it is `accepted`. Otherwise, and when the span cannot
   * be read, the batch stays as it was.
   */
  add(span: ReadableSpan, accepted: (size: number) => boolean): boolean {
    const writer = this.#writerOf(span.instrumentationScope);
    const start = writer.position;
    let added = false;
    try {
      writeSpan(writer, span);
      const size = writer.position - start;
      added = accepted(size);
      if (added) {
        this.spans++;
        this.bytes += size;
      }
    } finally {
      if (!added) writer.position = start;
    }
    return added;
  }

  /** The request, in memory that `allocate` gives; the writers are then free for the next batch. */
  seal(allocate: (size: number) => Buffer): Batch {
    const groups = [...this.#writers]
      .filter(([, { position }]) => position > 0)
      .map(([scope, { bytes, position }]) => ({ scope, spans: bytes.subarray(0, position) }));
    const request = encodeRequest(this.resource, groups, allocate);
    for (const writer of this.#writers.values()) this.#spare.giveBack(writer);
    this.#writers.clear();
    return { spans: this.spans, request };
  }

  #writerOf(scope: InstrumentationScope): ProtobufWriter {
    let writer = this.#writers.get(scope);
    if (writer === undefined) {
      writer = this.#spare.take();
      this.#writers.set(scope, writer);
    }
    return writer;
  }
}

/** Buffers that have grown to the size of batches and are used again; not more of them than a few batches need. */
export class SpareWriters {
  readonly #writers: ProtobufWriter[] = [];
  #bytes = 0;

  take(): ProtobufWriter {
    const writer = this.#writers.pop();
    if (writer === undefined) return new ProtobufWriter(FIRST_SIZE);
    this.#bytes -= writer.bytes.length;
    return writer;
  }

  giveBack(writer: ProtobufWriter): void {
    if (this.#bytes + writer.bytes.length > KEPT_BYTES) return;
    writer.position = 0;
    this.#writers.push(writer);
    this.#bytes += writer.bytes.length;
  }
}

const FIRST_SIZE = 16 * 1024;
const KEPT_BYTES = 4 * 1024 * 1024;

import { setTimeout as sleep } from 'node:timers/promises';
import { type ExportResult, exportRequest } from '@hatchet-ts/otlp/export-result';
import { type RequestPart, RequestParts, TRACES } from '@hatchet-ts/otlp/request-parts';
import { SeenMessages } from '@hatchet-ts/otlp/seen-messages';
import { SizeLimit } from '@hatchet-ts/otlp/size-limit';
import { diag } from '@opentelemetry/api';
import { guard } from '../call/guard.ts';
import type { EngineConnection } from './engine-connection.ts';

/** Part of `ProtobufTraceSerializer` of @opentelemetry/otlp-transformer. */
export interface TraceSerializer {
  serializeRequest(spans: unknown): Uint8Array | undefined;
}

/** Result for the batch processor: code 0 is success, 1 failure. */
export interface BatchResult {
  readonly code: 0 | 1;
  readonly error?: Error;
}

/** Limits of an export: times in milliseconds, sizes in bytes. */
export interface ExportLimits {
  /** One call. */
  readonly callMillis: number;
  /** A batch with all its retries. */
  readonly batchMillis: number;
  /** Pause before the first retry; doubled for each further one. */
  readonly retryMillis: number;
  /** Pause after the engine responds that it has no receiver. */
  readonly unimplementedMillis: number;
  /** One request of several spans. */
  readonly requestBytes: number;
}

export const EXPORT_LIMITS: ExportLimits = {
  callMillis: 10_000,
  batchMillis: 25_000, // below the 30 s timeout of a BatchSpanProcessor
  retryMillis: 500,
  unimplementedMillis: 5 * 60_000,
  requestBytes: 1024 * 1024 - 6, // a body below 1 MiB, with the 5 bytes that gRPC adds
};

/**
 * Sends spans to the engine's own OTLP receiver, in requests below its limit. Retries the errors that OTLP calls
 * retryable. If the engine has no receiver, drops spans for a while and then tries again.
 */
export class EngineExporter {
  readonly #connect: () => EngineConnection;
  readonly #serializer: TraceSerializer;
  readonly #limits: ExportLimits;
  readonly #sizeLimit: SizeLimit;
  readonly #messages = new SeenMessages();
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #connection: EngineConnection | undefined;
  #resumeAt = 0;

  constructor(connect: () => EngineConnection, serializer: TraceSerializer, limits: ExportLimits = EXPORT_LIMITS) {
    this.#connect = connect;
    this.#serializer = serializer;
    this.#limits = limits;
    this.#sizeLimit = new SizeLimit(limits.requestBytes);
  }

  export(spans: unknown, done: (result: BatchResult) => void): void {
    const running = this.#export(spans)
      .catch((error: unknown): BatchResult => ({ code: 1, error: asError(error) }))
      .then((result) => {
        this.#running.delete(running);
        guard('the batch processor', () => done(result));
      });
    this.#running.add(running);
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#running);
  }

  async shutdown(): Promise<void> {
    this.#stopping.abort(); // no more retries
    await this.forceFlush();
    this.#connection?.client.close();
  }

  async #export(spans: unknown): Promise<BatchResult> {
    if (performance.now() < this.#resumeAt) return { code: 0 };
    const request = this.#serializer.serializeRequest(spans);
    if (!request) throw new Error('encoding the spans failed');
    this.#connection ??= this.#connect();
    const parts = new RequestParts(request, TRACES, this.#sizeLimit);
    const deadline = performance.now() + this.#limits.batchMillis;
    let lost: Loss | undefined;
    let accepted = 0;
    const lose = (count: number, error: string) => {
      if (count > 0) lost = { spans: (lost?.spans ?? 0) + count, error };
    };
    for (let part = parts.next(); part; part = parts.next()) {
      const result = part.isKnownTooLarge ? KNOWN_TOO_LARGE : await this.#send(part, this.#connection, deadline);
      if (result.kind === 'too large') lose(parts.refuse(), result.error);
      else if (result.kind === 'accepted') {
        parts.settle({ passed: true });
        accepted++;
        this.#reportMessage(result);
      } else if (result.status === 'UNIMPLEMENTED') return this.#backOff();
      else if (result.kind === 'refused') {
        lose(part.items, result.error);
        parts.settle({ passed: false });
      } else {
        lose(parts.items, result.error);
        break;
      }
    }
    if (lost === undefined) return { code: 0 };
    if (accepted === 0) return { code: 1, error: new Error(lossMessage(lost)) };
    // A failed batch makes the processor's shutdown reject and leave the exporter open.
    diag.warn(lossMessage(lost));
    return { code: 0 };
  }

  /** Sends a part until it is answered for good or its time is over. */
  async #send(part: RequestPart, { client }: EngineConnection, deadline: number): Promise<ExportResult> {
    for (let pause = this.#limits.retryMillis; ; pause *= 2) {
      const result = await exportRequest(client, part.bytes, this.#limits.callMillis);
      if (result.kind !== 'retry') return result;
      const wait = Math.max(result.afterMillis ?? 0, pause * (0.5 + Math.random()));
      if (this.#stopping.signal.aborted || performance.now() + wait > deadline) return result;
      await sleep(wait, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  #backOff(): BatchResult {
    const { unimplementedMillis } = this.#limits;
    this.#resumeAt = performance.now() + unimplementedMillis;
    diag.warn(
      `@hatchet-ts/sdk-otel: the engine at ${this.#connection?.address} has no OTLP receiver; spans are dropped; retrying in ${Math.round(unimplementedMillis / 1000)} s`,
    );
    return { code: 0 };
  }

  #reportMessage({ rejected, message }: { rejected: number; message: string }): void {
    if (rejected > 0)
      diag.warn(`@hatchet-ts/sdk-otel: the engine rejected ${rejected} spans; they are lost: ${message}`);
    else if (message !== '' && this.#messages.add(message)) {
      diag.warn(`@hatchet-ts/sdk-otel: the engine accepted all spans, with a message: ${message}`);
    }
  }
}

interface Loss {
  readonly spans: number;
  readonly error: string;
}

const KNOWN_TOO_LARGE = {
  kind: 'too large',
  error: 'span is larger than another one that the engine refused for its size',
} as const;

function lossMessage({ spans, error }: Loss): string {
  return `@hatchet-ts/sdk-otel: lost spans: ${spans}; last error: ${error}`;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

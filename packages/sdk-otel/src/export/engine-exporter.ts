import { setTimeout as sleep } from 'node:timers/promises';
import { diag } from '@opentelemetry/api';
import type { EngineConnection } from './engine-connection.ts';

/** Part of `ProtobufTraceSerializer` of @opentelemetry/otlp-transformer. */
export interface TraceSerializer {
  serializeRequest(spans: unknown): Uint8Array | undefined;
  deserializeResponse(response: Uint8Array): {
    readonly partialSuccess?:
      | { readonly rejectedSpans?: number | string | bigint; readonly errorMessage?: string }
      | undefined;
  };
}

/** Result for the batch processor: code 0 is success, 1 failure. */
export interface ExportResult {
  readonly code: 0 | 1;
  readonly error?: Error;
}

/** Timeouts of an export, in milliseconds. */
export interface ExportTimes {
  /** One call. */
  readonly callMillis: number;
  /** A batch with all its retries. */
  readonly batchMillis: number;
  /** Pause before the first retry; doubled for each further one. */
  readonly retryMillis: number;
  /** Pause after the engine responds that it has no receiver. */
  readonly unimplementedMillis: number;
}

export const EXPORT_TIMES: ExportTimes = {
  callMillis: 10_000,
  batchMillis: 25_000, // below the 30 s timeout of a BatchSpanProcessor
  retryMillis: 500,
  unimplementedMillis: 5 * 60_000,
};

/**
 * Sends spans to the engine's own OTLP receiver. Retries the errors that OTLP calls retryable. If the engine has no
 * receiver, drops spans for a while and then tries again.
 */
export class EngineExporter {
  readonly #connect: () => EngineConnection;
  readonly #serializer: TraceSerializer;
  readonly #times: ExportTimes;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #connection: EngineConnection | undefined;
  #resumeAt = 0;

  constructor(connect: () => EngineConnection, serializer: TraceSerializer, times: ExportTimes = EXPORT_TIMES) {
    this.#connect = connect;
    this.#serializer = serializer;
    this.#times = times;
  }

  export(spans: unknown, done: (result: ExportResult) => void): void {
    const running = this.#export(spans).then(done, (error: unknown) => done({ code: 1, error: asError(error) }));
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#running);
  }

  async shutdown(): Promise<void> {
    this.#stopping.abort(); // no more retries
    await this.forceFlush();
    this.#connection?.close();
  }

  async #export(spans: unknown): Promise<ExportResult> {
    if (performance.now() < this.#resumeAt) return { code: 0 };
    const request = this.#serializer.serializeRequest(spans);
    if (!request) throw new Error('encoding the spans failed');
    this.#connection ??= this.#connect();
    const deadline = performance.now() + this.#times.batchMillis;
    for (let pause = this.#times.retryMillis; ; pause *= 2) {
      try {
        const answer = await this.#connection.send(request, AbortSignal.timeout(this.#times.callMillis));
        this.#reportRejected(answer);
        return { code: 0 };
      } catch (error) {
        const code = statusCode(error);
        if (code === UNIMPLEMENTED) return this.#backOff();
        const wait = pause * (0.5 + Math.random());
        const isLast = this.#stopping.signal.aborted || performance.now() + wait > deadline;
        if (isLast || code === undefined || !RETRYABLE.has(code)) throw error;
        await sleep(wait, undefined, { ref: false, signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  #backOff(): ExportResult {
    const { unimplementedMillis } = this.#times;
    this.#resumeAt = performance.now() + unimplementedMillis;
    diag.warn(
      `@hatchet-ts/sdk-otel: the engine at ${this.#connection?.address} has no OTLP receiver; spans are dropped; retrying in ${Math.round(unimplementedMillis / 1000)} s`,
    );
    return { code: 0 };
  }

  #reportRejected(answer: Uint8Array): void {
    const { partialSuccess } = this.#serializer.deserializeResponse(answer);
    const rejected = Number(partialSuccess?.rejectedSpans ?? 0);
    if (rejected > 0 || partialSuccess?.errorMessage) {
      diag.warn(
        `@hatchet-ts/sdk-otel: the engine rejected ${rejected} spans; they are lost: ${partialSuccess?.errorMessage}`,
      );
    }
  }
}

const UNIMPLEMENTED = 12;
// CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS: the OTLP specification's table
const RETRYABLE: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);
const DEADLINE_EXCEEDED = 4;

function statusCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, name } = error as { code?: unknown; name?: unknown };
  // nice-grpc throws these if the call's signal is aborted
  if (name === 'AbortError' || name === 'TimeoutError') return DEADLINE_EXCEEDED;
  return typeof code === 'number' ? code : undefined;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

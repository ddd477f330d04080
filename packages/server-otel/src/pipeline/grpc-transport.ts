import type { Client, ClientUnaryCall } from '@grpc/grpc-js';
import type { ExportResponse, IExporterTransport } from '@opentelemetry/otlp-exporter-base';
import type { Collector } from './collector.ts';
import type { OtlpModules } from './sdk.ts';

/**
 * Sends ready OTLP bytes to one method of the collector. Unlike the stock exporter's transport it reads no
 * environment, reconnects within 2 s of the collector's return (there: up to 2 minutes), and can be closed while
 * the collector hangs.
 */
export class GrpcTransport implements IExporterTransport {
  readonly #client: Client;
  readonly #collector: Collector;
  readonly #method: string;
  readonly #calls = new Set<ClientUnaryCall>();

  /** @param method `/package.Service/Method` */
  constructor(collector: Collector, method: string, { grpc }: OtlpModules) {
    this.#collector = collector;
    this.#method = method;
    this.#client = new grpc.Client(collector.target, collector.credentials, collector.channelOptions);
  }

  async send(data: Uint8Array, timeoutMillis: number): Promise<ExportResponse> {
    const metadata = await this.#collector.metadata();
    return new Promise((resolve) => {
      const call = this.#client.makeUnaryRequest(
        this.#method,
        (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        (bytes: Buffer) => bytes,
        data,
        metadata,
        { deadline: Date.now() + timeoutMillis },
        (error, response) => {
          this.#calls.delete(call);
          resolve(error === null ? { status: 'success', data: response } : { status: 'failure', error });
        },
      );
      this.#calls.add(call);
    });
  }

  /** Ends the calls that are still on their way and closes the channel. */
  shutdown(): void {
    for (const call of this.#calls) call.cancel();
    this.#client.close();
  }
}

import type { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { CallError, type CollectorClient } from '../collector/collector-client.ts';
import { bytesFields, numberField } from './encoding/protobuf-reader.ts';

/** Outcome of an export, by the rules of OTLP's specification ("Failures"). */
export type ExportResult =
  /** The collector acknowledged the request, except for `rejected` spans of it (partial success). */
  | { readonly kind: 'accepted'; readonly rejected: number; readonly message: string }
  /** The same request may succeed later, but not before `afterMillis` if the collector named a delay. */
  | { readonly kind: 'retry'; readonly status: string; readonly error: string; readonly afterMillis?: number }
  /** No retry can succeed. */
  | { readonly kind: 'refused'; readonly status: string; readonly error: string };

/** Reader of the collector's response. */
export type ResponseReader = Pick<typeof ProtobufTraceSerializer, 'deserializeResponse'>;

/** Sends an `ExportTraceServiceRequest`. Never rejects. */
export async function exportSpans(
  client: CollectorClient,
  responses: ResponseReader,
  request: Buffer,
  timeoutMillis: number,
): Promise<ExportResult> {
  try {
    return readResponse(responses, await client.call(request, timeoutMillis));
  } catch (error) {
    return error instanceof CallError ? failureOf(error) : { kind: 'retry', status: 'UNKNOWN', error: String(error) };
  }
}

/** An unreadable response acknowledges all spans: its status is OK. */
function readResponse(responses: ResponseReader, response: Uint8Array): ExportResult {
  try {
    const { rejectedSpans = 0, errorMessage = '' } = responses.deserializeResponse(response).partialSuccess ?? {};
    // The reader returns a negative int64 as a number above its range.
    return { kind: 'accepted', rejected: rejectedSpans < 2 ** 63 ? rejectedSpans : 0, message: errorMessage };
  } catch {
    return { kind: 'accepted', rejected: 0, message: '' };
  }
}

function failureOf({ isSent, message: error, status, statusDetails }: CallError): ExportResult {
  const afterMillis = retryDelayMillis(statusDetails);
  const mayPass = !isSent || RETRYABLE.has(status) || (status === 'RESOURCE_EXHAUSTED' && afterMillis !== undefined);
  if (!mayPass) return { kind: 'refused', status, error };
  return { kind: 'retry', status, error, ...(afterMillis !== undefined && { afterMillis }) };
}

const RETRYABLE: ReadonlySet<string> = new Set([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Delay of the `google.rpc.RetryInfo` in an encoded `google.rpc.Status`; undefined if there is none to be read. */
function retryDelayMillis(status: unknown): number | undefined {
  if (!(status instanceof Uint8Array)) return undefined;
  try {
    for (const detail of bytesFields(status, STATUS_DETAILS)) {
      const [type] = bytesFields(detail, ANY_TYPE);
      if (!type?.toString().endsWith('/google.rpc.RetryInfo')) continue;
      const [info = Buffer.alloc(0)] = bytesFields(detail, ANY_VALUE);
      const [delay = Buffer.alloc(0)] = bytesFields(info, RETRY_DELAY);
      return Math.max(0, numberField(delay, SECONDS) * 1000 + numberField(delay, NANOS) / 1e6);
    }
  } catch {
    // Unreadable details count as none.
  }
  return undefined;
}

/** Field numbers. */
const STATUS_DETAILS = 3;
const ANY_TYPE = 1;
const ANY_VALUE = 2;
const RETRY_DELAY = 1;
const SECONDS = 1;
const NANOS = 2;

import { CallError, type OtlpClient } from './client.ts';
import { bytesFields, numberField } from './protobuf-reader.ts';

/** Outcome of an export, by the rules of OTLP's specification ("Failures"). */
export type ExportResult =
  /** The receiver acknowledged the request, except for `rejected` items of it (partial success). */
  | { readonly kind: 'accepted'; readonly rejected: number; readonly message: string }
  /** The same request may succeed later, but not before `afterMillis` if the receiver named a delay. */
  | { readonly kind: 'retry'; readonly status: string; readonly error: string; readonly afterMillis?: number }
  /** Parts of the request may succeed. */
  | { readonly kind: 'too large'; readonly status: string; readonly error: string }
  /** No retry can succeed. */
  | { readonly kind: 'refused'; readonly status: string; readonly error: string };

/** Sends an encoded export request of any signal. Never rejects. */
export async function exportRequest(
  client: OtlpClient,
  request: Uint8Array,
  timeoutMillis: number,
): Promise<ExportResult> {
  try {
    const { rejected, message } = readPartialSuccess(await client.call(request, timeoutMillis));
    return { kind: 'accepted', rejected, message: client.hideAuthorization(message) };
  } catch (error) {
    return error instanceof CallError ? failureOf(error) : { kind: 'retry', status: 'UNKNOWN', error: String(error) };
  }
}

/**
 * Reads `partial_success`, which has the same fields in the responses of all signals. An unreadable response
 * acknowledges all items: its status is OK.
 */
export function readPartialSuccess(response: Uint8Array): { readonly rejected: number; readonly message: string } {
  try {
    const partialSuccess = bytesFields(response, PARTIAL_SUCCESS).at(-1) ?? new Uint8Array();
    return {
      rejected: Math.max(0, numberField(partialSuccess, REJECTED_ITEMS)),
      message: bytesFields(partialSuccess, ERROR_MESSAGE).at(-1)?.toString('utf8', 0, LONGEST_MESSAGE) ?? '',
    };
  } catch {
    return { rejected: 0, message: '' };
  }
}

function failureOf({ isSent, message: error, status, statusDetails }: CallError): ExportResult {
  const afterMillis = retryDelayMillis(statusDetails);
  if (isSizeRefusal(status, error) && afterMillis === undefined) return { kind: 'too large', status, error };
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

/**
 * Recognizes a refusal of the request's size: HTTP 413 of a proxy, or the status with which the gRPC implementations
 * refuse a message (`RESOURCE_EXHAUSTED`; `OUT_OF_RANGE` in Rust) and a message about its size. Both statuses have other
 * meanings as well.
 */
function isSizeRefusal(status: string, message: string): boolean {
  if (/HTTP status code 413\b/.test(message)) return true;
  return (status === 'RESOURCE_EXHAUSTED' || status === 'OUT_OF_RANGE') && SIZE.some((text) => text.test(message));
}

const SIZE: readonly RegExp[] = [
  /\b(message|request|payload|body)\b.*\b(larger than|too (large|big|long))\b/i, // Go, C++, Python, Node.js, Rust
  /\b(message|request|payload|body)\b.*\bexceed\w*\b.*\bsize\b/i, // Java, .NET
  /\b(message|request|payload|body) (size|length)\b.*\b(limit|exceed\w*|max\w*)\b/i,
];

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

const LONGEST_MESSAGE = 500;

/** Field numbers. */
const PARTIAL_SUCCESS = 1;
const REJECTED_ITEMS = 1;
const ERROR_MESSAGE = 2;
const STATUS_DETAILS = 3;
const ANY_TYPE = 1;
const ANY_VALUE = 2;
const RETRY_DELAY = 1;
const SECONDS = 1;
const NANOS = 2;

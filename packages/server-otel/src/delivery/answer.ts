import type { ServiceError } from '@grpc/grpc-js';
import { bytesFields, numberField } from './encoding/protobuf-reader.ts';

/** What a call of the collector came to. */
export type Answer =
  /** It has the spans, but for so many that it did not want (OTLP calls this partial success). */
  | { readonly kind: 'accepted'; readonly rejected: number; readonly message: string }
  /** The same call may succeed later; not before `afterMillis`, when the collector said so. */
  | { readonly kind: 'retry'; readonly status: string; readonly error: string; readonly afterMillis?: number }
  /** No repetition will mend it. */
  | { readonly kind: 'refused'; readonly status: string; readonly error: string };

/** Reads an `ExportTraceServiceResponse`. What cannot be read acknowledges all: the status says that it succeeded. */
export function acceptance(response: Uint8Array): Answer {
  try {
    const [partial] = bytesFields(response, PARTIAL_SUCCESS);
    if (partial === undefined) return { kind: 'accepted', rejected: 0, message: '' };
    const [message] = bytesFields(partial, ERROR_MESSAGE);
    return {
      kind: 'accepted',
      rejected: Math.max(0, numberField(partial, REJECTED_SPANS)),
      message: message?.toString() ?? '',
    };
  } catch {
    return { kind: 'accepted', rejected: 0, message: '' };
  }
}

/**
 * Tells a failure that may pass from one that will not, as OTLP does ("Failures" in its specification).
 *
 * @param message that of the error, fit to be shown
 */
export function failure({ code, metadata }: ServiceError, message: string): Exclude<Answer, { kind: 'accepted' }> {
  const afterMillis = retryDelay(metadata?.get('grpc-status-details-bin')[0]);
  const passes = RETRYABLE.has(code) || (code === RESOURCE_EXHAUSTED && afterMillis !== undefined);
  const error = message.length > LONGEST_ERROR ? `${message.slice(0, LONGEST_ERROR)}…` : message;
  const status = STATUS[code] ?? String(code);
  if (!passes) return { kind: 'refused', status, error };
  return { kind: 'retry', status, error, ...(afterMillis !== undefined && { afterMillis }) };
}

/** The `google.rpc.RetryInfo` in a `google.rpc.Status`, in milliseconds. */
function retryDelay(status: unknown): number | undefined {
  if (!(status instanceof Uint8Array)) return undefined;
  try {
    for (const detail of bytesFields(status, STATUS_DETAILS)) {
      const [type] = bytesFields(detail, ANY_TYPE);
      if (!type?.toString().endsWith('/google.rpc.RetryInfo')) continue;
      const [info] = bytesFields(detail, ANY_VALUE);
      const [delay] = bytesFields(info ?? Buffer.alloc(0), RETRY_DELAY);
      if (delay === undefined) return 0;
      return Math.max(0, numberField(delay, SECONDS) * 1000 + numberField(delay, NANOS) / 1e6);
    }
  } catch {
    // Details that nobody can read are no details.
  }
  return undefined;
}

/** Names of gRPC's codes. */
const STATUS = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];
const RESOURCE_EXHAUSTED = 8;
/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const RETRYABLE: ReadonlySet<number> = new Set([1, 4, 10, 11, 14, 15]);
const LONGEST_ERROR = 500;

/** Field numbers. */
const PARTIAL_SUCCESS = 1;
const REJECTED_SPANS = 1;
const ERROR_MESSAGE = 2;
const STATUS_DETAILS = 3;
const ANY_TYPE = 1;
const ANY_VALUE = 2;
const RETRY_DELAY = 1;
const SECONDS = 1;
const NANOS = 2;

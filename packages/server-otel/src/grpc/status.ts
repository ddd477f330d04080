import { type Attributes, type Span, SpanStatusCode } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  RPC_SYSTEM_NAME_VALUE_GRPC,
} from '@opentelemetry/semantic-conventions';

/** gRPC's status codes; the position is the number on the wire. */
const CODES = [
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
] as const;

/** A status of gRPC by its name. */
export type GrpcCode = (typeof CODES)[number];

/** The codes that make a SERVER span an error (semantic conventions for gRPC); the others are the caller's affair. */
const SERVER_ERRORS: ReadonlySet<GrpcCode> = new Set<GrpcCode>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** `/package.Service/Method` without the slash: name of the span and value of `rpc.method`. */
export function methodName(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path;
}

/** What a call is measured by. A caller that goes away is no error. */
export function rpcMeasure(path: string, code: GrpcCode): Attributes {
  const isError = code !== 'OK' && code !== 'CANCELLED';
  return { ...rpcAttributes(path), [ATTR_RPC_STATUS_CODE]: code, ...(isError && { [ATTR_ERROR_TYPE]: code }) };
}

export function rpcAttributes(path: string): Attributes {
  return { [ATTR_RPC_SYSTEM_NAME]: RPC_SYSTEM_NAME_VALUE_GRPC, [ATTR_RPC_METHOD]: methodName(path) };
}

export function recordOk(span: Span): void {
  span.setAttribute(ATTR_RPC_STATUS_CODE, 'OK');
}

/** The status that the caller will see for an error; ERROR and the exception only for the server's own faults. */
export function recordGrpcError(span: Span, error: unknown): void {
  if (!span.isRecording()) return;
  const code = codeOf(error);
  span.setAttribute(ATTR_RPC_STATUS_CODE, code);
  if (code === 'OK' || code === 'CANCELLED') return;
  span.setAttribute(ATTR_ERROR_TYPE, code);
  if (!SERVER_ERRORS.has(code)) return;
  const exception = error instanceof Error ? error : new Error(String(error));
  span.recordException(exception);
  span.setStatus({ code: SpanStatusCode.ERROR, message: exception.message });
}

/** As nice-grpc answers: a `ServerError` by its code, an abort as CANCELLED, anything else as UNKNOWN. */
export function codeOf(error: unknown): GrpcCode {
  if (!(error instanceof Error)) return 'UNKNOWN';
  if (error.name === 'AbortError') return 'CANCELLED';
  // `details` tells it from errors of the system and of pg, whose codes mean something else.
  if (!('code' in error && typeof error.code === 'number' && 'details' in error)) return 'UNKNOWN';
  return CODES[error.code] ?? 'UNKNOWN';
}

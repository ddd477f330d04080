import type { Attributes, Span } from '@opentelemetry/api';
import {
  ATTR_ERROR_TYPE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  ATTR_RPC_SYSTEM_NAME,
  RPC_SYSTEM_NAME_VALUE_GRPC,
} from '@opentelemetry/semantic-conventions';
import { loadGrpc } from '../modules.ts';
import { recordFailure } from '../spans/failure.ts';

/** Name of a gRPC status. */
export type GrpcCode = keyof typeof import('@grpc/grpc-js').status;

/** Codes that make a SERVER span an error (semantic conventions for gRPC); the others are the caller's errors. */
const SERVER_ERRORS: ReadonlySet<GrpcCode> = new Set<GrpcCode>([
  'UNKNOWN',
  'DEADLINE_EXCEEDED',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

/** Returns `/package.Service/Method` without the first slash: the name of the span and the value of `rpc.method`. */
export function methodName(path: string): string {
  return path.startsWith('/') ? path.slice(1) : path;
}

/** Returns the attributes of a call's duration. A caller that goes away is no error. */
export function durationAttributes(path: string, code: GrpcCode): Attributes {
  const isError = code !== 'OK' && code !== 'CANCELLED';
  return { ...rpcAttributes(path), [ATTR_RPC_STATUS_CODE]: code, ...(isError && { [ATTR_ERROR_TYPE]: code }) };
}

export function rpcAttributes(path: string): Attributes {
  return { [ATTR_RPC_SYSTEM_NAME]: RPC_SYSTEM_NAME_VALUE_GRPC, [ATTR_RPC_METHOD]: methodName(path) };
}

/** Records the status of a call that did not fail: OK, or CANCELLED if its caller has gone away before. */
export function recordEnd(span: Span, { aborted }: { readonly aborted: boolean }): void {
  span.setAttribute(ATTR_RPC_STATUS_CODE, aborted ? 'CANCELLED' : 'OK');
}

/** Records the status that the caller sees; status ERROR and the exception only for the server's own faults. */
export function recordGrpcError(span: Span, error: unknown): void {
  if (!span.isRecording()) return;
  const code = codeOf(error);
  span.setAttribute(ATTR_RPC_STATUS_CODE, code);
  if (code === 'OK' || code === 'CANCELLED') return;
  if (SERVER_ERRORS.has(code)) recordFailure(span, error, code);
  else span.setAttribute(ATTR_ERROR_TYPE, code);
}

/** Returns the status with which nice-grpc answers: of a `ServerError` its code, CANCELLED for an abort, else UNKNOWN. */
export function codeOf(error: unknown): GrpcCode {
  if (!(error instanceof Error)) return 'UNKNOWN';
  if (error.name === 'AbortError') return 'CANCELLED';
  // `details` distinguishes it from system and pg errors, whose codes have other meanings.
  if (!('code' in error && typeof error.code === 'number' && 'details' in error)) return 'UNKNOWN';
  // Loaded only now: grpc-js must be loaded after its instrumentation. A gRPC server has loaded it before.
  return (loadGrpc().status[error.code] as GrpcCode | undefined) ?? 'UNKNOWN';
}

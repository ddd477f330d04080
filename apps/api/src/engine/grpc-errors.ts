import { Status } from 'nice-grpc';
import { ApiError } from '../errors/api-error.ts';

/** HTTP statuses of the gRPC statuses that a caller can act on. */
const HTTP_STATUS: Partial<Record<Status, 400 | 401 | 403 | 404 | 409 | 429 | 501>> = {
  [Status.INVALID_ARGUMENT]: 400,
  [Status.FAILED_PRECONDITION]: 400,
  [Status.UNAUTHENTICATED]: 401,
  [Status.PERMISSION_DENIED]: 403,
  [Status.NOT_FOUND]: 404,
  [Status.ALREADY_EXISTS]: 409,
  [Status.RESOURCE_EXHAUSTED]: 429,
  [Status.UNIMPLEMENTED]: 501,
};

/** Translates the status of a failed call to the engine. Any status outside the table is the engine's failure: 503. */
export function apiErrorFromGrpc(code: Status | undefined, details: string, cause: unknown): ApiError {
  const status = code === undefined ? undefined : HTTP_STATUS[code];
  if (status === undefined) return new ApiError(503, 'the engine is not available: try again later', cause);
  return new ApiError(status, details, cause);
}

/*
 * Texts that Hatchet's SDKs, their test suites or our instrumentor read or compare. They are Hatchet's to the letter:
 * change none of them for style.
 */

/** Result of `GetVersion`. From v0.80.0 on workers use the durable stream; from v0.111.0 on they send unknown fields. */
export const ENGINE_VERSION = 'v0.90.0';

/** Error of a cancelled task. Durable parents and REST get it; a caller of the run gets an empty error: see `run-results.ts`. */
export const CANCELLED_ERROR = 'task was cancelled';

/** Output of a task that was not needed, such as the on-failure task of a run without failures. */
export const SKIPPED_OUTPUT = '{"skipped":true}';

/** Detail of ALREADY_EXISTS for a trigger whose idempotency key another run holds. */
export const IDEMPOTENCY_COLLISION = 'idempotency key collision';

/** Error of a batch task whose group key is not text. */
export const batchKeyError = (expression: string, cause: string): string =>
  `failed to parse batch group key expression (${expression}): ${cause}`;

/** Error of a durable task that requests another entry at a node than before. */
export const nonDeterminism = (
  { taskId, nodeId, branchId }: { taskId: string; nodeId: number; branchId: number },
  { expected, received }: { expected: string; received: string },
): string =>
  `non-determinism error in task ${taskId} at node ${nodeId}:${branchId}\n  expected: ${expected}\n  received: ${received}`;

/** Error of an attempt that exceeded its execution timeout; the trace list recognizes it, too. */
export const timeoutError = (timeout: string): string => `Task exceeded timeout of ${timeout}`;

/** Detail of INVALID_ARGUMENT for a trigger of unknown workflows. */
export const workflowsNotFound = (names: readonly string[]): string => `workflow names not found: ${names.join(', ')}`;

/** Payload of a cancellation after a timeout. Hatchet's own engine sends none; sdk-otel reads the reason from it. */
export const TIMED_OUT_PAYLOAD = '{"reason":"timed_out"}';

/** Trailer in which gRPC clients look for the details of a status. */
export const STATUS_DETAILS_TRAILER = 'grpc-status-details-bin';

/** Types of the details of ALREADY_EXISTS; the SDKs turn them into errors of their own. */
export const COLLISION_TYPE_URL = 'type.googleapis.com/v1.IdempotencyCollisionError';
export const BULK_COLLISION_TYPE_URL = 'type.googleapis.com/v1.BulkTriggerIdempotencyCollisionError';

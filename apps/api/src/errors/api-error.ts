import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** An error that the caller of the API gets as the answer. Its message contains the remedy. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ContentfulStatusCode;

  constructor(status: ContentfulStatusCode, description: string, cause?: unknown) {
    super(description, { cause });
    this.status = status;
  }
}

/** Creates an answer in Hatchet's `APIErrors` form. Hatchet's SDKs show the description. */
export function errorResponse(c: Context, status: ContentfulStatusCode, description: string): Response {
  return c.json({ errors: [{ description }] }, status);
}

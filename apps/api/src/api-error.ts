import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { component } from './routing/components.ts';

/** Hatchet's shape of an error. */
export const API_ERRORS = component(
  'APIErrors',
  z.strictObject({ errors: z.array(z.strictObject({ description: z.string() })) }),
);

/** A request that is answered with an error; the description says what to do instead. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: ContentfulStatusCode;

  constructor(status: ContentfulStatusCode, description: string, cause?: unknown) {
    super(description, { cause });
    this.status = status;
  }
}

/** Answers in Hatchet's shape of an error; its SDKs show the descriptions. */
export function errorResponse(c: Context, status: ContentfulStatusCode, ...descriptions: string[]): Response {
  return c.json({ errors: descriptions.map((description) => ({ description })) }, status);
}

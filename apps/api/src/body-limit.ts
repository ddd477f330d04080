import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from './api-error.ts';

/** As large as the largest message that the engine takes. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** A client that sends more than this does not get to read why it is refused. */
const MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES;

/** Refuses bodies that are too large with 413. */
export function limitedBody(): MiddlewareHandler {
  return bodyLimit({
    maxSize: MAX_BODY_BYTES,
    async onError(c) {
      await drain(c);
      throw new ApiError(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
    },
  });
}

/** A client that still sends when the connection is closed sees a broken connection in place of the answer (RFC 9112, 9.6). */
async function drain(c: Context): Promise<void> {
  const { body } = c.req.raw;
  if (!body || body.locked) return;
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_DRAINED_BYTES) return;
  }
}

import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ApiError } from '../errors/api-error.ts';

/** Largest body; the engine's messages have the same limit. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Most bytes that are read from a refused body, so that its client gets to read the answer. */
const MAX_DRAINED_BYTES = 16 * MAX_BODY_BYTES;

/** Refuses bodies that are too large with 413. */
export function limitBody(): MiddlewareHandler {
  return bodyLimit({
    maxSize: MAX_BODY_BYTES,
    async onError(c) {
      await drain(c);
      throw new ApiError(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
    },
  });
}

/** Reads the rest: if the connection closed while the client sends, the client would not see the answer (RFC 9112, 9.6). */
async function drain(c: Context): Promise<void> {
  const { body } = c.req.raw;
  if (!body || body.locked) return;
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_DRAINED_BYTES) return;
  }
}

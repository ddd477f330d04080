import { z } from 'zod';

/** A W3C trace id. */
export const traceId = z.string().regex(/^[\da-f]{32}$/, 'must be 32 hexadecimal digits');

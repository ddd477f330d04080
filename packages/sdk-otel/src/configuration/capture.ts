import { guard } from '../call/guard.ts';

/** User data to record on spans. All of it is off by default. */
export interface CaptureOptions {
  /**
   * Record inputs and event payloads as `hatchet.payload`.
   * @default false
   */
  readonly payload?: boolean;
  /**
   * Record the metadata of runs and events as `hatchet.additional_metadata`.
   * @default false
   */
  readonly metadata?: boolean;
  /**
   * Maximum size of a value in bytes of UTF-8; a longer one is cut and marked with `…`.
   * @default 4096
   */
  readonly maxBytes?: number;
  /** Called with the value before it is serialized. Its result is recorded; undefined omits the attribute. */
  readonly redact?: (value: unknown, key: 'payload' | 'additional_metadata') => unknown;
}

/** Returns the two attributes with user data. Call it only for a span that is recording. */
export function captureValues(
  options: CaptureOptions,
  data: { readonly payload?: unknown; readonly metadata?: unknown },
): { payload?: string | undefined; additional_metadata?: string | undefined } {
  if (!options.payload && !options.metadata) return {};
  return {
    ...(options.payload && { payload: captureValue(options, 'payload', data.payload) }),
    ...(options.metadata && { additional_metadata: captureValue(options, 'additional_metadata', data.metadata) }),
  };
}

/** Cuts a text at a character boundary, so that it stays valid UTF-8; the mark counts towards the limit. */
export function truncate(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.slice(0, maxBytes + 1)); // a code unit takes at least one byte
  if (text.length <= maxBytes && bytes.length <= maxBytes) return text;
  let end = Math.max(0, maxBytes - MARK_BYTES);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}…`;
}

const MARK_BYTES = 3;

function captureValue(
  { redact, maxBytes = 4096 }: CaptureOptions,
  key: 'payload' | 'additional_metadata',
  value: unknown,
): string | undefined {
  return guard(`recording ${key}`, () => {
    // the worker receives JSON text, the client has objects: the redactor gets an object in both
    const data = redact ? redact(typeof value === 'string' ? parseJson(value) : value, key) : value;
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    return text === undefined ? undefined : truncate(text, maxBytes);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

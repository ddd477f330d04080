import { guarded } from './guard.ts';

/** What of the users' data may go onto spans. Everything is off by default. */
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
   * Bytes of UTF-8 after which a value is cut and marked with `…`.
   * @default 4096
   */
  readonly maxBytes?: number;
  /** Called with the value before it is serialised; what it returns is recorded, undefined leaves the attribute out. */
  readonly redact?: (value: unknown, key: 'payload' | 'additional_metadata') => unknown;
}

/** The two attributes that hold users' data; call it only for a span that is recording. */
export function captured(
  options: CaptureOptions,
  data: { readonly payload?: unknown; readonly metadata?: unknown },
): { payload?: string | undefined; additional_metadata?: string | undefined } {
  if (!options.payload && !options.metadata) return {};
  return {
    ...(options.payload && { payload: serialised(options, 'payload', data.payload) }),
    ...(options.metadata && { additional_metadata: serialised(options, 'additional_metadata', data.metadata) }),
  };
}

/** Cut on a character's boundary, so that the text stays valid UTF-8; the mark is counted in. */
export function truncated(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.slice(0, maxBytes + 1)); // a code unit is a byte at least
  if (text.length <= maxBytes && bytes.length <= maxBytes) return text;
  let end = Math.max(0, maxBytes - MARK_BYTES);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}…`;
}

const MARK_BYTES = 3;

function serialised(
  { redact, maxBytes = 4096 }: CaptureOptions,
  key: 'payload' | 'additional_metadata',
  value: unknown,
): string | undefined {
  return guarded(`recording ${key}`, () => {
    // the worker gets JSON text where the client has objects: a redactor sees the same in both
    const data = redact ? redact(typeof value === 'string' ? parsed(value) : value, key) : value;
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    return text === undefined ? undefined : truncated(text, maxBytes);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

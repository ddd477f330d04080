// Not W3CBaggagePropagator of @opentelemetry/core: this package loads only the API and @opentelemetry/instrumentation.
import {
  type Baggage,
  type BaggageEntry,
  baggageEntryMetadataFromString,
  type Context,
  propagation,
} from '@opentelemetry/api';
import { guard } from '../call/guard.ts';

/** Metadata key of W3C Baggage, used only with `propagateBaggage`. */
export const BAGGAGE = 'baggage';

/**
 * Formats W3C Baggage within its limits (180 entries, 4096 bytes each, 8192 in all); undefined if there is none. Entries that
 * cannot be encoded are left out: they must not cost the message its `traceparent`.
 */
export function formatBaggage(baggage: Baggage | undefined): string | undefined {
  let text = '';
  for (const [key, entry] of guard('reading baggage', () => baggage?.getAllEntries().slice(0, 180)) ?? []) {
    const member = formatEntry(key, entry);
    if (member === undefined) continue;
    const longer = text === '' ? member : `${text},${member}`;
    if (member.length > 4096 || longer.length > 8192) continue;
    text = longer;
  }
  return text === '' ? undefined : text;
}

function formatEntry(key: string, { value, metadata }: BaggageEntry): string | undefined {
  try {
    const pair = `${encodeURIComponent(key)}=${encodeURIComponent(value)}`;
    const properties = metadata?.toString();
    return properties && PROPERTIES.test(properties) ? `${pair};${properties}` : pair;
  } catch {
    return undefined; // half of a surrogate pair
  }
}

// Printable ASCII without a comma, which would begin an entry of its own. OpenTelemetry treats properties as opaque, so they
// are sent unchanged or not at all.
const PROPERTIES = /^[\t\x20-\x2b\x2d-\x7e]+$/;

/** Returns the context with the baggage of the text; unchanged if the text contains none. */
export function withBaggage(context: Context, text: unknown): Context {
  if (typeof text !== 'string') return context;
  const entries: Parameters<typeof propagation.createBaggage>[0] = {};
  for (const member of text.slice(0, 8192).split(',')) {
    const [pair = '', ...properties] = member.split(';');
    const separator = pair.indexOf('=');
    if (separator < 1) continue;
    try {
      const key = decodeURIComponent(pair.slice(0, separator).trim());
      const value = decodeURIComponent(pair.slice(separator + 1).trim());
      entries[key] =
        properties.length > 0 ? { value, metadata: baggageEntryMetadataFromString(properties.join(';')) } : { value };
    } catch {
      // invalid percent-encoding: only this member is dropped
    }
  }
  return Object.keys(entries).length > 0
    ? propagation.setBaggage(context, propagation.createBaggage(entries))
    : context;
}

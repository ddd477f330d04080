import { context, propagation } from '@opentelemetry/api';

/** Returns the headers that a request from here would carry. */
export function outgoingHeaders(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

import { context, propagation } from '@opentelemetry/api';

/** The headers that the next service would be sent from here. */
export function outgoing(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

// Loads the OpenTelemetry API and nothing else: the engine reads and writes the carrier with it.
export type { Metadata } from './context/carrier.ts';
export {
  ITEM_TRACEPARENTS,
  LINK_TRACEPARENT,
  readCarrier,
  TRACE_RELATION,
  TRACEPARENT,
  TRACESTATE,
  writeCarrier,
} from './context/carrier.ts';

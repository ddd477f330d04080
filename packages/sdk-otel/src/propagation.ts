// Loads only the OpenTelemetry API, for code that reads and writes metadata itself, such as the engine.
export type { Metadata } from './context/carrier.ts';
export {
  DURABLE_CHILDREN,
  DURABLE_ENTRIES,
  ITEM_TRACEPARENTS,
  LINK_TRACEPARENT,
  PREVIOUS_TRACEPARENT,
  readCarrier,
  readCreation,
  readLink,
  TRACE_RELATION,
  TRACEPARENT,
  TRACESTATE,
  writeCarrier,
} from './context/carrier.ts';

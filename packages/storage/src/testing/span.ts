import type { SpanRecord } from '../traces/span-record.ts';

/** Trace id of {@link SPAN}. */
export const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** A plain span. */
export const SPAN: SpanRecord = {
  traceId: TRACE,
  spanId: 'b7ad6b7169203331',
  flags: 1,
  name: 'span',
  kind: 'INTERNAL',
  serviceName: 'orders',
  scopeName: 'scope',
  scopeVersion: '1.2.3',
  startTime: 1_700_000_000_000_000_001n,
  endTime: 1_700_000_000_000_000_501n,
  statusCode: 'UNSET',
  attributes: {},
  resourceAttributes: {},
  events: [],
  links: [],
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
};

export { isTraceIdSampled, TraceIdRatioSampler } from '@hatchet-ts/ratio-sampler';
export type { Authorization } from './collector/authorization.ts';
export { type ConfigurationProblem, ServerTelemetryConfigError } from './configuration/configuration-error.ts';
export { configDirectoryOf } from './configuration/configuration-file.ts';
export type { Environment } from './configuration/written-value.ts';
export type { DeliveryStatus, DropReason } from './delivery/delivery-counts.ts';
export type { GrpcServerMiddleware } from './grpc/nice-grpc.ts';
export { type GrpcServerTracingOptions, grpcServerTracing } from './grpc/server-tracing.ts';
export { messageSpan, streamOpened } from './grpc/stream-spans.ts';
export {
  type HttpContext,
  type HttpMiddleware,
  type HttpServerTracingOptions,
  httpServerTracing,
} from './http/server-tracing.ts';
export { type TraceLogFields, traceLogFields } from './log-fields.ts';
export type { TelemetryLogger } from './logger.ts';
export type { ServerTelemetry, ServerTelemetryStatus } from './process-telemetry.ts';
export { ENGINE_ATTRIBUTES, type EngineAttributes, RUN_ATTRIBUTES, type RunAttributes } from './spans/attributes.ts';
export { activeCarrier, type Carrier, carriedContext } from './spans/carrier.ts';
export { type EngineSpanOptions, recordEngineSpan } from './spans/engine-span.ts';
export { ENGINE_SPANS, type EngineSpanName, RUN_SPANS, type RunSpanName } from './spans/names.ts';
export { type RunSpanOptions, runSpan, setRunAttributes } from './spans/run-span.ts';
export { authorised, setTenant, untraced, withTenant } from './spans/tenant.ts';
export { isRecordedTrace, newTraceContext } from './spans/trace-ids.ts';
export { type ServerTelemetryOptions, startServerTelemetry } from './start.ts';

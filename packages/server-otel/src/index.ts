export { isTraceIdSampled, TraceIdRatioSampler } from '@hatchet-ts/ratio-sampler';
export { configDirectoryOf } from './configuration/config-directory.ts';
export { type ConfigurationProblem, ServerTelemetryConfigError } from './configuration/config-error.ts';
export type { Environment } from './configuration/read-configuration.ts';
export type { DeliveryStatus, DropReason } from './delivery/books.ts';
export { messageSpan } from './grpc/message-span.ts';
export type { GrpcServerMiddleware } from './grpc/nice-grpc.ts';
export { type GrpcServerTracingOptions, grpcServerTracing } from './grpc/server-tracing.ts';
export { streamOpened } from './grpc/stream-span.ts';
export {
  type HttpContext,
  type HttpMiddleware,
  type HttpServerTracingOptions,
  httpServerTracing,
} from './http/server-tracing.ts';
export { type TraceLogFields, traceLogFields } from './log-fields.ts';
export type { TelemetryLogger } from './logger.ts';
export type { Authorization } from './pipeline/authorization.ts';
export type { ServerTelemetry, ServerTelemetryStatus } from './server-telemetry.ts';
export { ENGINE_ATTRIBUTES, type EngineAttributes, RUN_ATTRIBUTES, type RunAttributes } from './spans/attributes.ts';
export { activeCarrier, type Carrier, carriedContext } from './spans/carrier.ts';
export { type EngineSpanOptions, recordEngineSpan } from './spans/engine-span.ts';
export { ENGINE_SPANS, type EngineSpanName, RUN_SPANS, type RunSpanName } from './spans/names.ts';
export { type RunSpanOptions, runSpan, setRunAttributes } from './spans/run-span.ts';
export { authorised, setTenant, untraced, withTenant } from './spans/tenant.ts';
export { isRecordedTrace, newTraceContext } from './spans/trace-context.ts';
export { type ServerTelemetryOptions, startServerTelemetry } from './start.ts';

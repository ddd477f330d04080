import { createRequire } from 'node:module';

/*
 * Loaders of the export pipeline's modules. Each loads on its first call, so a service without a collector pays for
 * none of them. The modules are CommonJS in the 2.x line, so loading needs no `await`.
 */

export function loadTracingSdk(): typeof import('@opentelemetry/sdk-trace-node') {
  return load('@opentelemetry/sdk-trace-node');
}

export function loadMetricsSdk(): typeof import('@opentelemetry/sdk-metrics') {
  return load('@opentelemetry/sdk-metrics');
}

export function loadResources(): typeof import('@opentelemetry/resources') {
  return load('@opentelemetry/resources');
}

export interface OtlpModules {
  readonly base: typeof import('@opentelemetry/otlp-exporter-base');
  readonly grpcBase: typeof import('@opentelemetry/otlp-grpc-exporter-base');
  readonly transformer: typeof import('@opentelemetry/otlp-transformer');
  readonly grpc: typeof import('@grpc/grpc-js');
}

export function loadOtlp(): OtlpModules {
  return {
    base: load('@opentelemetry/otlp-exporter-base'),
    grpcBase: load('@opentelemetry/otlp-grpc-exporter-base'),
    transformer: load('@opentelemetry/otlp-transformer'),
    grpc: loadGrpc(),
  };
}

export function loadGrpc(): typeof import('@grpc/grpc-js') {
  return load('@grpc/grpc-js');
}

export function loadRuntimeInstrumentation(): typeof import('@opentelemetry/instrumentation-runtime-node') {
  return load('@opentelemetry/instrumentation-runtime-node');
}

const load = createRequire(import.meta.url);

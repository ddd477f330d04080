import type { MeterProvider } from '@opentelemetry/api';
import { loadRuntimeInstrumentation } from '../pipeline/sdk.ts';

/**
 * Starts to measure the process itself: event loop, garbage collection, heap (`nodejs.*`, `v8js.*`).
 *
 * @returns ends it
 */
export function startRuntimeMetrics(meterProvider: MeterProvider): () => void {
  const { RuntimeNodeInstrumentation } = loadRuntimeInstrumentation();
  const instrumentation = new RuntimeNodeInstrumentation({ enabled: false });
  instrumentation.setMeterProvider(meterProvider);
  instrumentation.enable();
  return () => instrumentation.disable();
}

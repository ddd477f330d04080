import type { AttributeValue, Context } from '@opentelemetry/api';
import { scopeOf } from './task-scope.ts';

/** Part of a span of the OpenTelemetry SDK, 2.x or 3.x, that the processor uses. */
export interface StartedSpan {
  readonly attributes: Readonly<Record<string, unknown>>;
  setAttribute(key: string, value: AttributeValue): unknown;
}

/**
 * Puts the task's identity (`hatchet.step_run_id`, `hatchet.workflow_name`, `hatchet.retry_count`, …) on every span that
 * starts inside a task, of any instrumentation. Add it to the span processors of any provider; it exports nothing.
 *
 * It reads the OpenTelemetry context in which the span starts, so spans outside the task stay unchanged. It never replaces
 * an attribute.
 */
export class HatchetSpanProcessor {
  onStart(span: StartedSpan, parentContext: Context): void {
    const identity = scopeOf(parentContext)?.identity();
    for (const key in identity) {
      const value = identity[key];
      if (value !== undefined && !Object.hasOwn(span.attributes, key)) span.setAttribute(key, value);
    }
  }

  onEnd(_span: unknown): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

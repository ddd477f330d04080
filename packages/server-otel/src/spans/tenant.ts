import { type Context, context, createContextKey, type Span } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { TENANT_ATTRIBUTE } from './attributes.ts';

/** Runs `fn` so that every span started below carries the tenant's id as `hatchet.run/tenant.id`. */
export function withTenant<T>(tenantId: string, fn: () => T): T {
  return context.with(setTenant(context.active(), tenantId), fn);
}

/** Returns `base` with this tenant, for work that is started with an explicit context. */
export function setTenant(base: Context, tenantId: string): Context {
  return base.setValue(CALL, { ...callOf(base), tenantId } satisfies Call);
}

/**
 * Names the tenant of the current call, once its credentials are checked: the SERVER span, and every span below it that
 * starts from now on, carry the tenant's id. Does nothing outside of a call.
 */
export function authorised(tenantId: string): void {
  const call = callOf(context.active());
  if (call === undefined) return;
  call.tenantId = tenantId;
  if (call.span?.isRecording()) call.span.setAttribute(TENANT_ATTRIBUTE, tenantId);
}

/** Runs `fn` without spans below it and without sending a context: for pollers, probes, the OTLP receiver. */
export function untraced<T>(fn: () => T): T {
  return context.with(suppressTracing(context.active()), fn);
}

/** State of one served call. Mutable: the tenant is known only after the SERVER span has started. */
interface Call {
  tenantId?: string | undefined;
  readonly span?: Span;
  /** Ends the span of a stream that has opened. */
  readonly opened?: () => void;
}

/** Returns `base` for serving one call, whose tenant `authorised` sets later. */
export function withCall(base: Context, call: Call): Context {
  return base.setValue(CALL, call);
}

export function callOf(base: Context): Call | undefined {
  return base.getValue(CALL) as Call | undefined;
}

/** Sets the tenant's id on every span that starts below a call, including those of other instrumentations. */
export class TenantSpanProcessor implements SpanProcessor {
  onStart(span: Parameters<SpanProcessor['onStart']>[0], parent: Context): void {
    const tenantId = callOf(parent)?.tenantId;
    if (tenantId !== undefined && span.attributes[TENANT_ATTRIBUTE] === undefined) {
      span.setAttribute(TENANT_ATTRIBUTE, tenantId);
    }
  }

  onEnd(): void {}
  async forceFlush(): Promise<void> {}
  async shutdown(): Promise<void> {}
}

const CALL = createContextKey('@hatchet-ts/server-otel call');

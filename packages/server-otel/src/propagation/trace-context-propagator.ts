import type { Context, TextMapSetter } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/**
 * Propagates W3C Trace Context and always writes the flags with two digits. The SDK's propagator prefixes a `0` to the
 * hexadecimal number; from 0x10 up that makes three digits, an invalid header. A transparent service passes on unknown
 * flag bits unchanged.
 */
export class TraceContextPropagator extends W3CTraceContextPropagator {
  override inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    super.inject(context, carrier, {
      set: (target, key, value) => setter.set(target, key, value.replace(THREE_DIGITS, '-$1')),
    });
  }
}

const THREE_DIGITS = /(?<=^00-[\da-f]{32}-[\da-f]{16})-0([\da-f]{2})$/;

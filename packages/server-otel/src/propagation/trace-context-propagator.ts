import type { Context, TextMapSetter } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/**
 * W3C Trace Context with flags of two digits always. The SDK's propagator puts a `0` before the hexadecimal
 * number, which makes three digits of flags from 0x10 up and so an invalid header; a service that is transparent
 * hands on bits that it does not know as they are.
 */
export class TraceContextPropagator extends W3CTraceContextPropagator {
  override inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    super.inject(context, carrier, {
      set: (target, key, value) => setter.set(target, key, value.replace(THREE_DIGITS, '-$1')),
    });
  }
}

const THREE_DIGITS = /(?<=^00-[\da-f]{32}-[\da-f]{16})-0([\da-f]{2})$/;

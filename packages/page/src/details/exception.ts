import type { SpanAttributes, WaterfallEvent } from '@hatchet-ts/waterfall/browser';

/** An exception as people read it. */
export interface ExceptionText {
  type: string;
  message: string;
  /** Without its first lines, when they only repeat type and message. */
  stack: string;
}

/** https://opentelemetry.io/docs/specs/otel/trace/exceptions/ */
export function exceptionOf({
  name,
  attributes,
}: Pick<WaterfallEvent, 'name' | 'attributes'>): ExceptionText | undefined {
  if (name !== 'exception') return undefined;
  const [type, message, stack] = ['type', 'message', 'stacktrace'].map((key) => textOf(attributes, `exception.${key}`));
  const [head, ...frames] = stack!.split(/\n(?=\s+at )/);
  const repeated = [`${type}: ${message}`, message, type].includes(head!.trim());
  return { type: type!, message: message!, stack: (repeated ? frames.join('\n') : stack!).trim() };
}

function textOf(attributes: SpanAttributes, key: string): string {
  const value = Object.hasOwn(attributes, key) ? attributes[key] : '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

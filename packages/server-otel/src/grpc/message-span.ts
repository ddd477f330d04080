import { context, type Span, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { serverTracer } from '../process-telemetry.ts';
import { inSpan } from '../spans/in-span.ts';
import { withParent } from '../spans/transparency.ts';
import { methodName, recordGrpcError, rpcAttributes } from './status.ts';

/**
 * Runs `fn`, the handling of one message of a stream, inside a SERVER span of the stream's name. A message
 * belongs to the run that it names, not to whatever opened the stream: without a parent the span begins a trace.
 *
 * @param path `/package.Service/Method`
 */
export function messageSpan<T>(
  path: string,
  options: { readonly parent?: SpanContext | undefined },
  fn: (span: Span) => T,
): T {
  const parent = withParent(trace.deleteSpan(context.active()), options.parent);
  const span = serverTracer().startSpan(methodName(path), { kind: SpanKind.SERVER }, parent);
  if (span.isRecording()) span.setAttributes(rpcAttributes(path));
  return inSpan(span, parent, fn, recordGrpcError);
}

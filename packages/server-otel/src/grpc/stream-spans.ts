import { type Context, context, type Span, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { serverTracer } from '../process-telemetry.ts';
import { inSpan } from '../spans/in-span.ts';
import { contextBelow, withParent } from '../spans/parent-context.ts';
import { callOf, withCall } from '../spans/tenant.ts';
import { bindGenerator } from './bound-generator.ts';
import { methodName, recordEnd, recordGrpcError, rpcAttributes } from './status.ts';

/** Wrappers of a stream's two directions, which end the opening's span when the stream has opened. */
export interface StreamOpening {
  requests<Request>(requests: AsyncIterable<Request>): AsyncIterable<Request>;
  responses<Response, R>(responses: AsyncGenerator<Response, R, undefined>): AsyncGenerator<Response, R, undefined>;
}

/**
 * Limits the SERVER span of a stream to its opening: a stream lives for hours, a span should not. The stream has opened
 * when the handler requests the first message, sends the first one, or calls `streamOpened`. If it fails before, the span
 * has its status. Later work has no parent here; `messageSpan` gives it one.
 *
 * @param signal aborted when the caller goes away
 */
export function traceStreamOpening(span: Span, parent: Context, signal: AbortSignal): StreamOpening {
  let isOpen = false;
  const end = (record: (span: Span) => void = () => {}) => {
    if (isOpen) return;
    isOpen = true;
    record(span);
    span.end();
  };
  const opening = withCall(contextBelow(span, parent), { span, opened: () => end() });
  const afterwards = trace.deleteSpan(opening);
  return {
    async *requests(requests) {
      end();
      yield* requests;
    },
    async *responses(responses) {
      const bound = bindGenerator(
        responses,
        () => (isOpen ? afterwards : opening),
        (result) => end(result.done ? (opened) => recordEnd(opened, signal) : undefined),
      );
      try {
        return yield* bound;
      } catch (error) {
        end((opened) => recordGrpcError(opened, error));
        throw error;
      } finally {
        end();
      }
    },
  };
}

/** Ends the span of a stream's opening, for a handler that first waits, perhaps for hours. Does nothing elsewhere. */
export function streamOpened(): void {
  callOf(context.active())?.opened?.();
}

/**
 * Runs `fn`, the handling of one message of a stream, inside a SERVER span of the stream's name. A message belongs to the
 * run that it names, not to the call that opened the stream: without a parent the span begins a trace.
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

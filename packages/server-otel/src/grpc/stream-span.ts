import { type Context, context, type Span, trace } from '@opentelemetry/api';
import { callOf, withCall } from '../spans/tenant.ts';
import { contextBelow } from '../spans/transparency.ts';
import { boundGenerator } from './bound-generator.ts';
import { recordGrpcError, recordOk } from './status.ts';

/** The two directions of a stream, wrapped so that the span of its opening ends when it has opened. */
export interface StreamSpan {
  requests<Request>(requests: AsyncIterable<Request>): AsyncIterable<Request>;
  responses<Response, R>(responses: AsyncGenerator<Response, R, undefined>): AsyncGenerator<Response, R, undefined>;
}

/**
 * A stream lives for hours, a span should not: its SERVER span covers the opening. The stream has opened when
 * the handler asks for the first message, sends the first one, or says so with `streamOpened`. A stream that
 * fails before has its status on the span; what comes later is no part of it, and what is done later has
 * no parent here: `messageSpan` gives it one.
 */
export function streamSpan(span: Span, parent: Context): StreamSpan {
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
      const bound = boundGenerator(
        responses,
        () => (isOpen ? afterwards : opening),
        (result) => end(result.done ? recordOk : undefined),
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

/**
 * Called by the handler of a stream that first of all waits, perhaps for hours: ends the span of its opening.
 * Elsewhere nothing happens.
 */
export function streamOpened(): void {
  callOf(context.active())?.opened?.();
}

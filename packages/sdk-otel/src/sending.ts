import { type Context, context, type Span, SpanKind } from '@opentelemetry/api';
import type { SpanValues } from './attributes.ts';
import type { Metadata } from './carrier.ts';
import { markFailed, recordFailure } from './failure.ts';
import { activeUnder, handover, metadataWith } from './handover.ts';
import { describe, type SpanPlan, startSpan, type Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/** One run or event that is sent. */
export interface Message<Result> extends SpanPlan {
  /** the caller's, as the SDK would have sent it */
  readonly metadata: unknown;
  /** what the engine's answer adds */
  readonly sent: (result: Result) => SpanValues;
}

/** Sends one message in a span of its own, which is its context. */
export function sending<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  message: Message<Awaited<Result>>,
  withMetadata: (metadata: Metadata) => Args,
): PreparedCall<Args, Result> {
  const above = context.active();
  const span = startSpan(telemetry, message, above);
  return endedOnFailure(span, () => {
    const metadata = metadataWith(message.metadata, handover(span, above, telemetry.settings));
    return {
      args: metadata ? withMetadata(metadata) : args,
      ...call(span, above, (result: Awaited<Result>) => {
        describe(telemetry, span, message.client, () => message.sent(result));
        span.end();
      }),
    };
  });
}

/** Many messages in one call. */
export interface Bulk<Item, Result> extends Omit<SpanPlan, 'details'> {
  readonly items: readonly Item[];
  readonly details: () => SpanValues;
  /** the message that an item is, with what the answer says of it */
  readonly message: (item: Item) => Omit<Message<never>, 'sent'>;
  readonly withMetadata: (item: Item, metadata: Metadata) => Item;
  readonly sent: (result: Result, index: number) => SpanValues;
}

/**
 * Sends many messages in one call: a span and a context for each, below the call's span. Above `maxItemSpans` the
 * remaining items take the call's context, and `hatchet.num_item_spans` says so.
 */
export function sendingBulk<Args extends readonly unknown[], Item, Result>(
  telemetry: Telemetry,
  bulk: Bulk<Item, Awaited<Result>>,
  withItems: (items: Item[]) => Args,
): PreparedCall<Args, Result> {
  const { maxItemSpans } = telemetry.settings;
  const above = context.active();
  const kind = maxItemSpans > 0 && bulk.items.length > 0 ? SpanKind.CLIENT : SpanKind.PRODUCER;
  const span = startSpan(telemetry, { ...bulk, kind }, above);
  const itemSpans: Span[] = [];
  return endedOnFailure(
    span,
    () => {
      const below = activeUnder(span, above);
      const ofCall = handover(span, above, telemetry.settings);
      const limit = span.isRecording() ? maxItemSpans : 0;
      const items = bulk.items.map((item, index) => {
        const message = bulk.message(item);
        let handed = ofCall;
        if (index < limit) {
          const itemSpan = startSpan(telemetry, { ...message, operationType: 'create' }, below);
          itemSpans.push(itemSpan);
          handed = handover(itemSpan, below, telemetry.settings);
        }
        const metadata = metadataWith(message.metadata, handed);
        return metadata ? bulk.withMetadata(item, metadata) : item;
      });
      if (limit > 0 && items.length > limit) {
        describe(telemetry, span, bulk.client, () => ({ hatchet: { num_item_spans: limit } }));
      }
      return {
        args: withItems(items),
        ...call(
          span,
          above,
          (result: Awaited<Result>) => {
            itemSpans.forEach((itemSpan, index) => {
              describe(telemetry, itemSpan, bulk.client, () => bulk.sent(result, index));
              itemSpan.end();
            });
            span.end();
          },
          itemSpans,
        ),
      };
    },
    itemSpans,
  );
}

function call<Result>(
  span: Span,
  above: Context,
  succeeded: (result: Result) => void,
  items: readonly Span[] = [],
): Pick<PreparedCall<readonly unknown[], never>, 'context' | 'failed'> & { succeeded?: (result: Result) => void } {
  const below = activeUnder(span, above);
  const active = below === above ? {} : { context: below };
  if (!span.isRecording()) return active;
  return {
    ...active,
    succeeded,
    failed: (thrown) => {
      for (const item of items) {
        markFailed(item, thrown);
        item.end();
      }
      recordFailure(span, thrown);
      span.end();
    },
  };
}

// a caller's getter may throw while its arguments are read: the call goes on untraced, the span is not left open
function endedOnFailure<T>(span: Span, prepare: () => T, others: readonly Span[] = []): T {
  try {
    return prepare();
  } catch (error) {
    for (const open of [span, ...others]) open.end();
    throw error;
  }
}

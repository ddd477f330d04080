import { type Context, context, type Span, SpanKind } from '@opentelemetry/api';
import type { SpanValues } from './attributes.ts';
import type { Metadata } from './carrier.ts';
import { markFailed, recordFailure } from './failure.ts';
import { activeUnder, handover, metadataWith } from './handover.ts';
import type { Relation } from './relation.ts';
import { measured, type SentMessages } from './sent-messages.ts';
import { describe, endSpan, type SpanPlan, startSpan, type Telemetry } from './telemetry.ts';
import type { PreparedCall } from './traced-call.ts';

/** One run or event that is sent. */
export interface Message<Result> extends SpanPlan {
  /** the caller's, as the SDK would have sent it */
  readonly metadata: unknown;
  /** how what is created stands to this call, where that is not left to the worker */
  readonly relation?: Relation | undefined;
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
  return endedOnFailure(span, [], () => {
    const handed = handover(span, above, telemetry.settings);
    const metadata = metadataWith(message.metadata, handed, message.relation);
    const sent = metadata ? withMetadata(metadata) : args;
    const below = activeBelow(span, above);
    const recording = span.isRecording();
    const done = measured(telemetry, message, () => [message.initial]);
    if (!recording && !done) return { args: sent, context: below };
    return {
      args: sent,
      context: below,
      succeeded: (result) => {
        done?.();
        if (!recording) return;
        describe(telemetry, span, message.client, () => message.sent(result));
        endSpan(telemetry, span, message);
      },
      failed: (thrown) => {
        done?.({ thrown });
        if (!recording) return;
        recordFailure(span, thrown);
        endSpan(telemetry, span, message, { thrown });
      },
    };
  });
}

/** Many messages in one call. */
export interface Bulk<Item, Result> extends SpanPlan {
  readonly items: readonly Item[];
  /** whether a replay sends the item again: it goes as it is, and makes no span */
  readonly isReplayed?: ((index: number) => boolean) | undefined;
  /** the item's own, as the SDK would have sent them */
  readonly metadata: (item: Item) => unknown;
  /** where the item goes to */
  readonly destination: (item: Item) => SpanValues;
  /** the span of an item */
  readonly plan: (item: Item, index: number) => SpanPlan;
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
  const { settings } = telemetry;
  const above = context.active();
  const hasItemSpans = settings.maxItemSpans > 0 && bulk.items.length > 0;
  const span = startSpan(telemetry, bulk, above, hasItemSpans ? SpanKind.CLIENT : SpanKind.PRODUCER);
  const open: ItemSpan[] = [];
  return endedOnFailure(span, open, () => {
    const recording = span.isRecording();
    const below = activeBelow(span, above);
    const ofCall = handover(span, above, settings);
    const limit = recording ? settings.maxItemSpans : 0;
    const items = bulk.items.map((item, index) => {
      if (bulk.isReplayed?.(index)) return item;
      let handed = ofCall;
      if (open.length < limit) {
        const plan = bulk.plan(item, index);
        const itemSpan = startSpan(telemetry, plan, below ?? above, undefined, 'create');
        open.push({ span: itemSpan, plan, index });
        handed = handover(itemSpan, below ?? above, settings);
      }
      const metadata = metadataWith(bulk.metadata(item), handed);
      return metadata ? bulk.withMetadata(item, metadata) : item;
    });
    if (limit > 0 && items.length > limit) {
      describe(telemetry, span, bulk.client, () => ({ hatchet: { num_item_spans: limit } }));
    }
    const sent = withItems(items);
    const done = measured(telemetry, bulk, () => destinations(bulk));
    if (!recording && !done) return { args: sent, context: below };
    return {
      args: sent,
      context: below,
      succeeded: (result) => {
        done?.();
        for (const item of open) {
          describe(telemetry, item.span, bulk.client, () => bulk.sent(result, item.index));
          endSpan(telemetry, item.span, item.plan);
        }
        if (recording) endSpan(telemetry, span, bulk);
      },
      failed: (thrown) => {
        done?.({ thrown });
        if (!recording) return;
        for (const item of open) {
          markFailed(item.span, thrown);
          endSpan(telemetry, item.span, item.plan, { thrown });
        }
        recordFailure(span, thrown);
        endSpan(telemetry, span, bulk, { thrown });
      },
    };
  });
}

interface ItemSpan {
  readonly span: Span;
  readonly plan: SpanPlan;
  readonly index: number;
}

function destinations<Item>({ items, destination, isReplayed }: Bulk<Item, never>): SentMessages {
  return items.filter((_item, index) => !isReplayed?.(index)).map(destination);
}

// undefined for what is active already
function activeBelow(span: Span, above: Context): Context | undefined {
  const below = activeUnder(span, above);
  return below === above ? undefined : below;
}

// a caller's getter may throw while its arguments are read: the call goes on untraced, the spans are not left open
function endedOnFailure<T>(span: Span, items: readonly ItemSpan[], prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    for (const item of items) item.span.end();
    span.end();
    throw error;
  }
}

import { type Context, context, type Span, SpanKind } from '@opentelemetry/api';
import type { PreparedCall } from '../call/prepared-call.ts';
import type { Metadata } from '../context/carrier.ts';
import { contextBelow, metadataWithContext, outgoingContext } from '../context/outgoing-context.ts';
import type { SpanValues } from '../tables/attributes.ts';
import { markFailed, recordFailure } from '../telemetry/failure.ts';
import { describe, endSpan, type SpanPlan, startSpan } from '../telemetry/span.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { type Destinations, measureCall } from './call-metrics.ts';

/** A run or event to send. */
export interface Message<Result> extends SpanPlan {
  /** The caller's metadata, as the SDK would have sent them. */
  readonly metadata: unknown;
  /** Relation of the created runs to this call; the worker decides if it is left out. */
  readonly relation?: 'link' | undefined;
  /** Attributes from the engine's response. */
  readonly resultValues: (result: Result) => SpanValues;
}

/** Prepares a call that sends one message: its span's context goes into the metadata. */
export function prepareSend<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  args: Args,
  message: Message<Awaited<Result>>,
  withMetadata: (metadata: Metadata) => Args,
): PreparedCall<Args, Result> {
  const above = context.active();
  const span = startSpan(telemetry, message, above);
  return endSpansOnError(span, [], () => {
    const outgoing = outgoingContext(span, above, telemetry.settings);
    const metadata = metadataWithContext(message.metadata, outgoing, message.operation, message.relation);
    const sentArgs = metadata ? withMetadata(metadata) : args;
    const below = changedContext(span, above);
    const recording = span.isRecording();
    const endMetrics = measureCall(telemetry, message, () => [message.initial]);
    if (!recording && !endMetrics) return { args: sentArgs, context: below };
    return {
      args: sentArgs,
      context: below,
      onSuccess: (result) => {
        endMetrics?.();
        if (!recording) return;
        describe(telemetry, span, message.client, () => message.resultValues(result));
        endSpan(telemetry, span, message);
      },
      onError: (thrown) => {
        endMetrics?.({ thrown });
        if (!recording) return;
        recordFailure(span, thrown);
        endSpan(telemetry, span, message, { thrown });
      },
    };
  });
}

/** Several messages of one call. */
export interface Bulk<Item, Result> extends SpanPlan {
  readonly items: readonly Item[];
  /** True for an item that a replay sends again: it is sent unchanged and makes no span. */
  readonly isReplayed?: ((index: number) => boolean) | undefined;
  /** The item's own metadata, as the SDK would have sent them. */
  readonly metadata: (item: Item) => unknown;
  readonly destination: (item: Item) => SpanValues;
  /** Span of an item. */
  readonly plan: (item: Item, index: number) => SpanPlan;
  readonly withMetadata: (item: Item, metadata: Metadata) => Item;
  /** Attributes of an item's span from the engine's response. */
  readonly resultValues: (result: Result, index: number) => SpanValues;
}

/**
 * Prepares a call that sends several messages: each gets a span and a context below the call's span. Beyond `maxItemSpans`
 * items get the call's context, and `hatchet.num_item_spans` is set.
 */
export function prepareBulkSend<Args extends readonly unknown[], Item, Result>(
  telemetry: Telemetry,
  bulk: Bulk<Item, Awaited<Result>>,
  withItems: (items: Item[]) => Args,
): PreparedCall<Args, Result> {
  const { settings } = telemetry;
  const above = context.active();
  const hasItemSpans = settings.maxItemSpans > 0 && bulk.items.length > 0;
  const span = startSpan(telemetry, bulk, above, hasItemSpans ? SpanKind.CLIENT : SpanKind.PRODUCER);
  const itemSpans: ItemSpan[] = [];
  return endSpansOnError(span, itemSpans, () => {
    const recording = span.isRecording();
    const below = changedContext(span, above);
    const contextOfCall = outgoingContext(span, above, settings);
    const limit = recording ? settings.maxItemSpans : 0;
    let sentItems = 0;
    const items = bulk.items.map((item, index) => {
      if (bulk.isReplayed?.(index)) return item;
      sentItems++;
      let outgoing = contextOfCall;
      if (itemSpans.length < limit) {
        const plan = bulk.plan(item, index);
        const itemSpan = startSpan(telemetry, plan, below ?? above, undefined, 'create');
        itemSpans.push({ span: itemSpan, plan, index });
        outgoing = outgoingContext(itemSpan, below ?? above, settings);
      }
      const metadata = metadataWithContext(bulk.metadata(item), outgoing, bulk.operation);
      return metadata ? bulk.withMetadata(item, metadata) : item;
    });
    if (limit > 0 && sentItems > limit) {
      describe(telemetry, span, bulk.client, () => ({ hatchet: { num_item_spans: limit } }));
    }
    const sentArgs = withItems(items);
    const endMetrics = measureCall(telemetry, bulk, () => destinations(bulk));
    if (!recording && !endMetrics) return { args: sentArgs, context: below };
    return {
      args: sentArgs,
      context: below,
      onSuccess: (result) => {
        endMetrics?.();
        for (const item of itemSpans) {
          describe(telemetry, item.span, bulk.client, () => bulk.resultValues(result, item.index));
          endSpan(telemetry, item.span, item.plan);
        }
        if (recording) endSpan(telemetry, span, bulk);
      },
      onError: (thrown) => {
        endMetrics?.({ thrown });
        if (!recording) return;
        for (const item of itemSpans) {
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

function destinations<Item>({ items, destination, isReplayed }: Bulk<Item, never>): Destinations {
  return items.filter((_item, index) => !isReplayed?.(index)).map(destination);
}

// undefined saves the call an activation of the context that is already active
function changedContext(span: Span, above: Context): Context | undefined {
  const below = contextBelow(span, above);
  return below === above ? undefined : below;
}

// A caller's getter may throw while its arguments are read: the call then goes on untraced, and no span stays open.
function endSpansOnError<T>(span: Span, items: readonly ItemSpan[], prepare: () => T): T {
  try {
    return prepare();
  } catch (error) {
    for (const item of items) item.span.end();
    span.end();
    throw error;
  }
}

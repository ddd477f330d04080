import { type Context, context, type Span, SpanKind } from '@opentelemetry/api';
import type { SpanValues } from './attributes.ts';
import type { Metadata } from './carrier.ts';
import { markFailed, recordFailure } from './failure.ts';
import { activeUnder, handover, metadataWith } from './handover.ts';
import type { Relation } from './relation.ts';
import { type Destination, measured } from './sent-messages.ts';
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
  const done = measured(telemetry, message, [message]);
  const span = startSpan(telemetry, message, above);
  return endedOnFailure(span, () => {
    const handed = handover(span, above, telemetry.settings);
    const metadata = metadataWith(
      message.metadata,
      message.relation ? { ...handed, relation: message.relation } : handed,
    );
    const recording = span.isRecording();
    return {
      args: metadata ? withMetadata(metadata) : args,
      ...active(span, above),
      ...((recording || done) && {
        succeeded: (result: Awaited<Result>) => {
          done?.();
          if (!recording) return;
          describe(telemetry, span, message.client, () => message.sent(result));
          endSpan(telemetry, span, message);
        },
        failed: (thrown: unknown) => {
          done?.({ thrown });
          if (!recording) return;
          recordFailure(span, thrown);
          endSpan(telemetry, span, message, { thrown });
        },
      }),
    };
  });
}

/** What an item of a bulk call is, without what the answer says of it. */
export type ItemMessage = Omit<Message<never>, 'sent'> & { readonly initial: Destination };

/** Many messages in one call. */
export interface Bulk<Item, Result> extends Omit<SpanPlan, 'kind'> {
  readonly items: readonly Item[];
  /** undefined for an item that goes as it is and makes no span: a replay sends it again */
  readonly message: (item: Item) => ItemMessage | undefined;
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
  const messages = bulk.items.map((item) => bulk.message(item));
  const done = measured(telemetry, bulk, messages);
  const span = startSpan(telemetry, { ...bulk, kind }, above);
  const open: ItemSpan[] = [];
  return endedOnFailure(
    span,
    () => {
      const below = activeUnder(span, above);
      const recording = span.isRecording();
      const ofCall = handover(span, above, telemetry.settings);
      const limit = recording ? maxItemSpans : 0;
      const items = bulk.items.map((item, index) => {
        const message = messages[index];
        if (!message) return item;
        let handed = ofCall;
        if (open.length < limit) {
          const itemSpan = startSpan(telemetry, { ...message, operationType: 'create' }, below);
          open.push({ span: itemSpan, message, index });
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
        ...active(span, above),
        ...((recording || done) && {
          succeeded: (result: Awaited<Result>) => {
            done?.();
            for (const item of open) {
              describe(telemetry, item.span, bulk.client, () => bulk.sent(result, item.index));
              endSpan(telemetry, item.span, item.message);
            }
            if (recording) endSpan(telemetry, span, bulk);
          },
          failed: (thrown: unknown) => {
            done?.({ thrown });
            if (!recording) return;
            for (const item of open) {
              markFailed(item.span, thrown);
              endSpan(telemetry, item.span, item.message, { thrown });
            }
            recordFailure(span, thrown);
            endSpan(telemetry, span, bulk, { thrown });
          },
        }),
      };
    },
    open,
  );
}

interface ItemSpan {
  readonly span: Span;
  readonly message: ItemMessage;
  readonly index: number;
}

function active(span: Span, above: Context): { context?: Context } {
  const below = activeUnder(span, above);
  return below === above ? {} : { context: below };
}

// a caller's getter may throw while its arguments are read: the call goes on untraced, the span is not left open
function endedOnFailure<T>(span: Span, prepare: () => T, items: readonly ItemSpan[] = []): T {
  try {
    return prepare();
  } catch (error) {
    for (const item of items) item.span.end();
    span.end();
    throw error;
  }
}

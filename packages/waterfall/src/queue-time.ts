import { isWorkerAttempt } from './engine-spans.ts';
import type { FoldedSiblings } from './folded-siblings.ts';
import { attributeText, type WaterfallSpan } from './span.ts';

type Time = Pick<WaterfallSpan, 'startTimeUnixNano' | 'endTimeUnixNano'>;

/** The times in the queue before what is shown: as the engine measured them, or else as the worker was told. */
export function waitsBefore({ nodes, waits }: FoldedSiblings): Time[] {
  if (waits.length > 0) return [...waits];
  return nodes.flatMap(({ span }) => (span && toldWait(span)) ?? []);
}

/** `hatchet.queue_time_ms`: how long a first attempt has waited, where the engine sends no span that says it. */
function toldWait(span: WaterfallSpan): Time | undefined {
  const ms = Number(isWorkerAttempt(span) ? attributeText(span, 'hatchet.queue_time_ms') : 0);
  if (!(ms > 0 && Number.isFinite(ms))) return undefined;
  const { startTimeUnixNano: end } = span;
  return { startTimeUnixNano: end - BigInt(Math.round(ms * 1e6)), endTimeUnixNano: end };
}

import { renderWaterfall, type WaterfallSpan } from '@hatchet-ts/waterfall';

/**
 * Spans as the text that tests compare: whole trees with status, outcome and links, in an order that does not depend
 * on how fast things went, without ids, times and whatever else differs between two runs.
 */
export function picture(spans: readonly WaterfallSpan[]): string {
  return renderWaterfall(spans.map(withoutDatabaseName), { order: 'canonical', mask: true, full: true });
}

/** A suite's database has a name of its own, and a query's span names it. */
function withoutDatabaseName(span: WaterfallSpan): WaterfallSpan {
  const database = span.attributes['db.namespace'];
  return typeof database === 'string' ? { ...span, name: span.name.replace(` ${database}`, '') } : span;
}

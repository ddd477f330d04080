import fc from 'fast-check';
import { expect, test } from 'vitest';
import { criticalPath } from './layout/critical-path.ts';
import { missingParents } from './layout/span-tree.ts';
import { layoutWaterfall } from './layout/trace-layout.ts';
import type { SpanKindName, SpanStatusName, WaterfallSpan } from './read/span.ts';
import { cells } from './render/printable-text.ts';
import { renderWaterfall } from './render/render-waterfall.ts';

const id = fc.constantFrom(...'abcdefgh').map((letter) => letter.repeat(16));
const traceId = fc.constantFrom('1'.repeat(32), '2'.repeat(32));
const time = fc.bigInt(0n, 20n).map((ms) => ms * 1_000_000n);
const anyText = fc.string({ unit: 'binary', maxLength: 30 });
const internalName = fc.constantFrom(
  'hatchet.run/queue',
  'Dispatcher/SendStepActionEvent',
  'hatchet.start_step_run',
  'hatchet.engine.start_step_run',
);

/** Spans with few different ids, so that cycles, self-parents, duplicates and orphans are common. */
const spans = fc
  .array(
    fc.record({
      traceId,
      spanId: id,
      parentSpanId: fc.option(id, { nil: undefined }),
      name: fc.oneof(anyText, internalName),
      kind: fc.constantFrom<SpanKindName>('INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'),
      serviceName: fc.oneof(fc.constant('engine'), anyText),
      startTimeUnixNano: time,
      endTimeUnixNano: time,
      status: fc.constantFrom<SpanStatusName>('UNSET', 'OK', 'ERROR'),
      statusMessage: fc.option(anyText, { nil: undefined }),
      attributes: fc.dictionary(
        fc.constantFrom(
          'db.system.name',
          'hatchet.step_run_id',
          'hatchet.step_name',
          'hatchet.outcome',
          'hatchet.retry_count',
        ),
        fc.oneof(anyText, fc.integer()),
      ),
      events: fc.constant([]),
      links: fc.array(fc.record({ traceId, spanId: id, attributes: fc.constant({}) }), { maxLength: 2 }),
    }),
    { maxLength: 30 },
  )
  .map((records): WaterfallSpan[] => records);

const order = fc.constantFrom('time', 'canonical');
const options = fc.record({ order, full: fc.boolean() }) as fc.Arbitrary<{
  order: 'time' | 'canonical';
  full: boolean;
}>;

test('any set of spans is laid out with every span in exactly one row', () => {
  fc.assert(
    fc.property(spans, options, (input, chosen) => {
      const numbered = input.map((span, i) => ({ ...span, endTimeUnixNano: BigInt(i) }));
      const rows = layoutWaterfall([...numbered, ...numbered], chosen).flatMap((layout) => layout.rows);
      const placed = rows.flatMap((row) => [...row.spans, ...row.unseen]);
      expect(placed.map((span) => Number(span.endTimeUnixNano)).sort((a, b) => a - b)).toEqual([...input.keys()]);
      if (chosen.full) expect(rows.every((row) => row.spans.length + row.unseen.length <= 1)).toBe(true);
    }),
  );
});

test('any set of spans, complete or growing, is laid out for a page with every span in a row and consistent rows', () => {
  const growing = fc.option(time, { nil: undefined });
  fc.assert(
    fc.property(spans, fc.constantFrom('folded', 'shown'), growing, (input, nested, nowUnixNano) => {
      const numbered = input.map((span, i) => ({ ...span, statusMessage: String(i) }));
      for (const { rows } of layoutWaterfall(numbered, { nested: nested as 'folded', nowUnixNano })) {
        expect(new Set(rows.map((row) => row.key)).size).toBe(rows.length);
        rows.forEach((row, i) => {
          expect(rows.slice(i + 1, i + 1 + row.below).every((below) => below.depth > row.depth)).toBe(true);
          if (row.parent >= 0) expect(rows[row.parent]!.depth).toBe(row.depth - 1);
          for (const { from, to } of [...row.bars, ...row.waits]) expect(0 <= from && from <= to).toBe(true);
        });
      }
      const placed = layoutWaterfall(numbered, { nested: nested as 'folded', nowUnixNano })
        .flatMap(({ rows }) => rows.filter((row) => !row.group))
        .flatMap((row) => [...row.spans, ...row.unseen]);
      const distinct = new Set(placed.map((span) => span.statusMessage));
      expect(placed).toHaveLength(distinct.size);
      expect(placed).toHaveLength(layoutWaterfall(numbered).reduce((sum, layout) => sum + layout.spanCount, 0));
      criticalPath(numbered);
    }),
  );
});

test('any set of spans is rendered in lines within the width, without a character that controls a terminal', () => {
  fc.assert(
    fc.property(spans, options, fc.integer({ min: 20, max: 200 }), (input, chosen, width) => {
      const text = renderWaterfall(input, { ...chosen, width });
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      for (const line of text.split('\n')) expect(cells(line), line).toBeLessThanOrEqual(width);
    }),
  );
});

test('a full picture shows each span and each missing parent on one line', () => {
  fc.assert(
    fc.property(spans, (input) => {
      const named = input.map((span, i) => ({ ...span, name: `<${i}>`, links: [], statusMessage: undefined }));
      const text = renderWaterfall(named, { mask: true, full: true });
      for (const { name } of named) expect(text.split(name).length - 1, name).toBe(1);
      expect(text.split('(missing parent)').length - 1).toBe(missingParents(named).length);
    }),
  );
});

test('a masked canonical picture does not depend on the order of the spans', () => {
  const distinct = spans.map((input) => [...new Map(input.map((span) => [span.traceId + span.spanId, span])).values()]);
  const acyclic = distinct.map((input) => input.map((span) => ({ ...span, parentSpanId: earlierId(span) })));
  fc.assert(
    fc.property(acyclic, fc.boolean(), (input, full) => {
      const picture = renderWaterfall(input, { mask: true, order: 'canonical', full });
      expect(renderWaterfall(input.toReversed(), { mask: true, order: 'canonical', full })).toBe(picture);
    }),
  );
});

test('a chain of 20,000 spans overflows no stack', () => {
  const hex = (n: number): string => n.toString(16).padStart(16, '0');
  const chain = Array.from(
    { length: 20_000 },
    (_, i): WaterfallSpan => ({
      traceId: '1'.repeat(32),
      spanId: hex(i + 1),
      parentSpanId: i === 0 ? undefined : hex(i),
      name: 'hatchet.run_workflow',
      kind: 'PRODUCER',
      serviceName: 'worker',
      startTimeUnixNano: 0n,
      endTimeUnixNano: 1n,
      status: 'UNSET',
      attributes: {},
      events: [],
      links: [],
    }),
  );
  expect(renderWaterfall(chain, { order: 'canonical' }).split('\n')).toHaveLength(20_001);
});

/** Parent id if it is alphabetically before the span's own, so that there are no cycles. */
function earlierId({ spanId, parentSpanId }: WaterfallSpan): string | undefined {
  return parentSpanId && parentSpanId < spanId ? parentSpanId : undefined;
}

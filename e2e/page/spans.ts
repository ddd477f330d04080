import { randomBytes } from 'node:crypto';
import type { SpanRecord } from '@hatchet-ts/storage/traces';

const NOW = BigInt(Date.now()) * 1_000_000n;

/** Creates a span whose texts contain markup and control characters. */
export function hostileSpan(traceId: string): SpanRecord {
  return span(traceId, '00000000000000a1', {
    name: '<img src=x onerror=alert(1)>',
    attributes: {
      '<script>alert(1)</script>': '"><script>alert(2)</script>',
      bidi: 'safe\u202Egnp.exe\u0007',
      link: 'javascript:alert(3)',
      long: 'x'.repeat(1_000_000),
    },
  });
}

/** Creates a root and its children, each with a distinct name. */
export function manySpans(traceId: string, count: number): SpanRecord[] {
  const root = '00000000000000ff';
  return Array.from({ length: count }, (_, index) =>
    index === 0
      ? span(traceId, root, { name: 'root', endTime: NOW + 10_000_000_000n })
      : span(traceId, randomBytes(8).toString('hex'), {
          name: `work ${index}`,
          parentSpanId: root,
          startTime: NOW + BigInt(index) * 1_000_000n,
          endTime: NOW + BigInt(index) * 1_000_000n + 500_000n,
        }),
  );
}

/** Creates a task and equal children of it, one of which takes 1.2 s. */
export function manyChildren(traceId: string, count: number): SpanRecord[] {
  const root = '00000000000000ff';
  const child = { parentSpanId: root, name: 'hatchet.run_workflow', kind: 'PRODUCER' as const };
  return [
    span(traceId, root, { name: 'make thumbnails', endTime: NOW + 2_000_000_000n }),
    ...Array.from({ length: count }, (_, index) =>
      span(traceId, randomBytes(8).toString('hex'), {
        ...child,
        attributes: { 'hatchet.workflow_name': 'resize' },
        startTime: NOW + BigInt(index) * 1_000_000n,
        endTime: NOW + BigInt(index) * 1_000_000n + (index === 120 ? 1_200_000_000n : 400_000_000n),
      }),
    ),
  ];
}

function span(traceId: string, spanId: string, more: Partial<SpanRecord>): SpanRecord {
  return {
    traceId,
    spanId,
    traceState: '',
    flags: 1,
    name: 'span',
    kind: 'INTERNAL',
    serviceName: 'shop',
    scopeName: 'test',
    scopeVersion: '',
    startTime: NOW,
    endTime: NOW + 1_000_000n,
    statusCode: 'UNSET',
    attributes: {},
    resourceAttributes: {},
    events: [],
    links: [],
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
    ...more,
  };
}

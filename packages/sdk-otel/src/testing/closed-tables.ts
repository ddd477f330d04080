import { isDeepStrictEqual } from 'node:util';
import { SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ATTRIBUTES } from '../tables/attributes.ts';
import { type HatchetOperation, SPANS } from '../tables/spans.ts';
import { SCOPE } from '../telemetry/telemetry.ts';

/** Lists the differences of a span of this package from the tables: name, kind, attributes and their types. */
export function contractViolations(span: ReadableSpan): string[] {
  if (span.instrumentationScope.name !== SCOPE) return [];
  if (!span.name.startsWith('hatchet.')) return []; // a test renamed it
  const operation = operationOf(span);
  if (!operation) return [`${span.name} is not in the span table`];
  const problems: string[] = [];
  const { kind, operationName } = SPANS[operation];
  const isBulk = operation === 'run_workflows' || operation === 'bulk_push_event';
  if (span.kind !== kind && !(isBulk && span.kind === SpanKind.CLIENT)) {
    problems.push(`${span.name} is ${SpanKind[span.kind]}`);
  }
  if (span.attributes['messaging.operation.name'] !== operationName) {
    problems.push(`${span.name} is the operation ${span.attributes['messaging.operation.name']}`);
  }
  for (const [key, value] of Object.entries(span.attributes)) {
    if (!isAllowed(operation, key, value)) problems.push(`${span.name} has ${key} = ${JSON.stringify(value)}`);
  }
  for (const { context, attributes } of span.links) {
    const parent = span.parentSpanContext;
    const isParent = context.spanId === parent?.spanId && context.traceId === parent.traceId;
    const expected = isParent ? { 'opentracing.ref_type': 'child_of' } : {};
    if (!isDeepStrictEqual(attributes ?? {}, expected)) {
      problems.push(`${span.name} has a link ${isParent ? 'to its parent ' : ''}with ${JSON.stringify(attributes)}`);
    }
  }
  return problems;
}

/** Returns the operation of a span, with or without the task's name in its own name. */
export function operationOf({ name }: ReadableSpan): HatchetOperation | undefined {
  const operations = Object.keys(SPANS) as HatchetOperation[];
  return operations.find((operation) => name === SPANS[operation].name || name.startsWith(`${SPANS[operation].name}.`));
}

const ANYWHERE: Readonly<Record<string, 'string' | 'number'>> = {
  instrumentor: 'string',
  'error.type': 'string',
  'messaging.system': 'string',
  'messaging.operation.name': 'string',
  'messaging.operation.type': 'string',
  'messaging.destination.name': 'string',
  'messaging.message.id': 'string',
  'messaging.batch.message_count': 'number',
  'messaging.client.id': 'string',
};

function isAllowed(operation: HatchetOperation, key: string, value: unknown): boolean {
  const general = ANYWHERE[key];
  if (general) return typeof value === general;
  const row = Object.values(ATTRIBUTES).find((attribute) => attribute.key === key);
  if (!row?.on.includes(operation)) return false;
  if (row.type === 'int') return Number.isInteger(value);
  return row.type === 'list' ? Array.isArray(value) : typeof value === 'string';
}

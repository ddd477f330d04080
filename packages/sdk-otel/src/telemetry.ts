import type { Attributes, Context, Link, Span, SpanKind, Tracer } from '@opentelemetry/api';
import type { AttemptMemory } from './attempts.ts';
import { type SpanValues, spanAttributes } from './attributes.ts';
import { guarded } from './guard.ts';
import { ATTR_MESSAGING_OPERATION_NAME, ATTR_MESSAGING_OPERATION_TYPE, ATTR_MESSAGING_SYSTEM } from './semconv.ts';
import type { ClientTelemetryConfig, Settings } from './settings.ts';
import { type HatchetOperation, SPANS } from './spans.ts';

/** What the patches get of the instrumentor; read at each call, since provider and configuration may change. */
export interface Telemetry {
  readonly enabled: boolean;
  readonly tracer: Tracer;
  readonly settings: Settings;
  readonly attempts: AttemptMemory;
}

/** A span to be started. */
export interface SpanPlan {
  readonly operation: HatchetOperation;
  /** what the sampler gets to see: few, since attributes at the start cost more than those set after it */
  readonly initial?: SpanValues;
  /** the rest; computed only when the span is recording */
  readonly details: () => SpanValues;
  readonly client: ClientTelemetryConfig | undefined;
  /** `create` for a message of a batch; the table's otherwise */
  readonly operationType?: 'create';
  /** the table's when left out */
  readonly kind?: SpanKind;
  readonly nameSuffix?: string | undefined;
  readonly links?: Link[];
}

export function startSpan({ tracer, settings }: Telemetry, plan: SpanPlan, above: Context): Span {
  const row = SPANS[plan.operation];
  const excluded = settings.excludedFor(plan.client);
  const attributes: Attributes = plan.initial ? spanAttributes(plan.initial, excluded) : {};
  attributes[ATTR_MESSAGING_OPERATION_NAME] = row.operationName;
  const span = tracer.startSpan(
    spanName(settings, plan, row.name),
    { kind: plan.kind ?? row.kind, attributes, ...(plan.links && { links: plan.links }) },
    above,
  );
  if (!span.isRecording()) return span;
  span.setAttribute('instrumentor', 'hatchet');
  span.setAttribute(ATTR_MESSAGING_SYSTEM, 'hatchet');
  const type = plan.operationType ?? row.operationType;
  if (type) span.setAttribute(ATTR_MESSAGING_OPERATION_TYPE, type);
  describe({ settings }, span, plan.client, plan.details);
  return span;
}

/** Sets what is known later: the ids that the engine gave. */
export function describe(
  { settings }: Pick<Telemetry, 'settings'>,
  span: Span,
  client: ClientTelemetryConfig | undefined,
  values: () => SpanValues,
): void {
  guarded('describing a span', () => span.setAttributes(spanAttributes(values(), settings.excludedFor(client))));
}

function spanName(settings: Settings, { operation, nameSuffix }: SpanPlan, tableName: string): string {
  const name = nameSuffix ? `${tableName}.${nameSuffix}` : tableName;
  if (!settings.spanName) return name;
  const chosen = guarded('spanName', () => settings.spanName?.(operation, name));
  return typeof chosen === 'string' && chosen !== '' ? chosen : name;
}

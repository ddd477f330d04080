import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  type SpanKind,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import type { AttemptMemory } from './attempts.ts';
import { type SpanValues, setAttributes, spanAttributes } from './attributes.ts';
import { captured } from './capture.ts';
import { guarded, userCall } from './guard.ts';
import type { Metrics, SlotHolder } from './metrics.ts';
import { ATTR_MESSAGING_OPERATION_NAME, ATTR_MESSAGING_OPERATION_TYPE, ATTR_MESSAGING_SYSTEM } from './semconv.ts';
import type { ClientTelemetryConfig, Settings } from './settings.ts';
import { type HatchetOperation, SPANS } from './spans.ts';

/** What the patches get of the instrumentor; read at each call, since providers and configuration may change. */
export interface Telemetry {
  readonly enabled: boolean;
  readonly tracer: Tracer;
  /** whether there is a tracer provider at all */
  readonly tracing: boolean;
  /** undefined without a meter provider */
  readonly metrics: Metrics | undefined;
  readonly settings: Settings;
  readonly attempts: AttemptMemory;
  /** the running workers of this process */
  readonly workers: Set<SlotHolder>;
  /** Has the providers send what they hold; never rejects. */
  flush(): Promise<void>;
}

/** Whether a call has to be looked at: something records it, or a context was received that is to be handed on. */
export function isLive({ enabled, tracing, metrics }: Telemetry): boolean {
  return enabled && (tracing || metrics !== undefined || trace.getSpanContext(context.active()) !== undefined);
}

/** A span to be started. */
export interface SpanPlan {
  readonly operation: HatchetOperation;
  /** the arguments of the SDK's method, for the hooks */
  readonly args: readonly unknown[];
  /** what the sampler gets to see: few, since attributes at the start cost more than those set after it */
  readonly initial?: SpanValues;
  /** the rest; computed only when the span is recording */
  readonly details: () => SpanValues;
  /** the users' data, which are recorded only when that is asked for */
  readonly data?: () => { readonly payload: unknown; readonly metadata: unknown };
  readonly client: ClientTelemetryConfig | undefined;
  readonly nameSuffix?: string | undefined;
  readonly links?: Link[];
}

/**
 * @param kind another than the table's
 * @param operationType `create` for a message of a bulk call
 */
export function startSpan(
  { tracer, settings }: Pick<Telemetry, 'tracer' | 'settings'>,
  plan: SpanPlan,
  above: Context,
  kind?: SpanKind,
  operationType?: 'create',
): Span {
  const row = SPANS[plan.operation];
  const attributes: Attributes = plan.initial ? spanAttributes(plan.initial, settings.excludedFor(plan.client)) : {};
  if (row.operationName) attributes[ATTR_MESSAGING_OPERATION_NAME] = row.operationName;
  const span = tracer.startSpan(
    spanName(settings, plan, row.name),
    { kind: kind ?? row.kind, attributes, links: plan.links ?? NO_LINKS },
    above,
  );
  if (!span.isRecording()) return span;
  span.setAttribute('instrumentor', 'hatchet');
  span.setAttribute(ATTR_MESSAGING_SYSTEM, 'hatchet');
  const type = operationType ?? row.operationType;
  if (type) span.setAttribute(ATTR_MESSAGING_OPERATION_TYPE, type);
  describe({ settings }, span, plan.client, plan.details);
  const { data } = plan;
  const { capture } = settings;
  if (data && (capture.payload || capture.metadata)) {
    describe({ settings }, span, plan.client, () => ({ hatchet: captured(capture, data()) }));
  }
  if (settings.startHook)
    userCall('startHook', settings.startHook, span, { operation: plan.operation, args: plan.args });
  return span;
}

const NO_LINKS: Link[] = [];

/** Ends a span that was started with the plan; `failure` when it ends as an error. */
export function endSpan(
  { settings }: Pick<Telemetry, 'settings'>,
  span: Span,
  { operation, args }: Pick<SpanPlan, 'operation' | 'args'>,
  failure?: { readonly thrown: unknown },
): void {
  if (settings.endHook) userCall('endHook', settings.endHook, span, { operation, args }, failure?.thrown);
  span.end();
}

/** Sets what is known later: the ids that the engine gave. */
export function describe(
  { settings }: Pick<Telemetry, 'settings'>,
  span: Span,
  client: ClientTelemetryConfig | undefined,
  values: () => SpanValues,
): void {
  guarded('describing a span', () => setAttributes(span, values(), settings.excludedFor(client)));
}

function spanName(settings: Settings, { operation, nameSuffix }: SpanPlan, tableName: string): string {
  const name = nameSuffix ? `${tableName}.${nameSuffix}` : tableName;
  if (!settings.spanName) return name;
  const chosen = userCall('spanName', settings.spanName, operation, name);
  return typeof chosen === 'string' && chosen !== '' ? chosen : name;
}

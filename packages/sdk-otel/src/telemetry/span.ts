import { cleanText } from '@hatchet-ts/internal/clean-text';
import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  trace,
} from '@opentelemetry/api';
import { callUserFunction, guard } from '../call/guard.ts';
import type { PreparedCall } from '../call/prepared-call.ts';
import { captureValues } from '../configuration/capture.ts';
import type { ClientTelemetryConfig, Settings } from '../configuration/settings.ts';
import { contextBelow } from '../context/outgoing-context.ts';
import { linksTo } from '../context/relation.ts';
import { type SpanValues, setAttributes, spanAttributes } from '../tables/attributes.ts';
import {
  ATTR_MESSAGING_OPERATION_NAME,
  ATTR_MESSAGING_OPERATION_TYPE,
  ATTR_MESSAGING_SYSTEM,
} from '../tables/semconv.ts';
import { type HatchetOperation, SPANS } from '../tables/spans.ts';
import { recordFailure } from './failure.ts';
import type { Telemetry } from './telemetry.ts';

/** A span to be started. */
export interface SpanPlan {
  readonly operation: HatchetOperation;
  /** Arguments of the SDK's method, for the hooks. */
  readonly args: readonly unknown[];
  /** Attributes that the sampler sees. Few: attributes at the start cost more than those set after it. */
  readonly initial?: SpanValues;
  /** Computes the other attributes; called only if the span is recording. */
  readonly details: () => SpanValues;
  /** Returns the user's data; called only if the configuration captures them. */
  readonly data?: () => { readonly payload: unknown; readonly metadata: unknown };
  readonly client: ClientTelemetryConfig | undefined;
  readonly nameSuffix?: string | undefined;
  /** Contexts to link to; undefined ones are skipped. */
  readonly links?: readonly (SpanContext | undefined)[];
}

/**
 * Starts a span with the name, kind and attributes of its row in the span table.
 *
 * @param kind replaces the table's kind
 * @param operationType replaces the table's type: `create` for a message of a bulk call
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
    {
      kind: kind ?? row.kind,
      attributes,
      links: plan.links ? linksTo(trace.getSpanContext(above), plan.links) : NO_LINKS,
    },
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
    describe({ settings }, span, plan.client, () => ({ hatchet: captureValues(capture, data()) }));
  }
  if (settings.startHook)
    callUserFunction('startHook', settings.startHook, span, { operation: plan.operation, args: plan.args });
  return span;
}

const NO_LINKS: Link[] = [];

/**
 * Ends a span that was started with the plan.
 *
 * @param failure set if the span ends as an error
 */
export function endSpan(
  { settings }: Pick<Telemetry, 'settings'>,
  span: Span,
  { operation, args }: Pick<SpanPlan, 'operation' | 'args'>,
  failure?: { readonly thrown: unknown },
): void {
  if (settings.endHook) callUserFunction('endHook', settings.endHook, span, { operation, args }, failure?.thrown);
  span.end();
}

/** Sets attributes that become known after the start, such as ids from the engine. */
export function describe(
  { settings }: Pick<Telemetry, 'settings'>,
  span: Span,
  client: ClientTelemetryConfig | undefined,
  values: () => SpanValues,
): void {
  guard('describing a span', () => setAttributes(span, values(), settings.excludedFor(client)));
}

/**
 * Prepares a call with one span around it and nothing else to do.
 *
 * @param resultValues attributes from the result
 */
export function prepareSpan<Args extends readonly unknown[], Result>(
  telemetry: Telemetry,
  plan: SpanPlan & { readonly args: Args },
  above: Context = context.active(),
  resultValues?: (result: Awaited<Result>) => SpanValues,
): PreparedCall<Args, Result> {
  const { args } = plan;
  const span = startSpan(telemetry, plan, above);
  const below = contextBelow(span, above);
  if (!span.isRecording()) return { args, context: below };
  return {
    args,
    context: below,
    onSuccess: (result) => {
      if (resultValues) describe(telemetry, span, plan.client, () => resultValues(result));
      endSpan(telemetry, span, plan);
    },
    onError: (thrown) => {
      recordFailure(span, thrown);
      endSpan(telemetry, span, plan, { thrown });
    },
  };
}

function spanName(settings: Settings, { operation, nameSuffix }: SpanPlan, tableName: string): string {
  const name = nameSuffix ? `${tableName}.${nameSuffix}` : tableName;
  if (!settings.spanName) return cleanText(name);
  const chosen = callUserFunction('spanName', settings.spanName, operation, name);
  return cleanText(typeof chosen === 'string' && chosen !== '' ? chosen : name);
}

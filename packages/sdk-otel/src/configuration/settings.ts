import type { MeterProvider, Span, TracerProvider } from '@opentelemetry/api';
import type { InstrumentationConfig } from '@opentelemetry/instrumentation';
import type { RelationOption } from '../context/relation.ts';
import type { HatchetAttribute } from '../tables/attributes.ts';
import type { HatchetOperation } from '../tables/spans.ts';
import type { CaptureOptions } from './capture.ts';
import {
  EXCLUDED_ATTRIBUTES_VARIABLE,
  type ExcludableAttribute,
  excludedSet,
  parseExcludedAttributes,
} from './excluded-attributes.ts';

/** Options of `new HatchetInstrumentor()`. */
export interface HatchetInstrumentorConfig extends InstrumentationConfig {
  /**
   * Provider of this instrumentor's tracer.
   * @default the global one, registered before or after
   */
  readonly tracerProvider?: TracerProvider;
  /**
   * Provider of this instrumentor's meter. Without any meter provider there are no metrics.
   * @default the global one, registered before or after
   */
  readonly meterProvider?: MeterProvider;
  /** Metric attributes besides the names of workflows and tasks. */
  readonly metricAttributes?: {
    /**
     * Set the event key as `messaging.destination.name`. Enable it only if there are few keys.
     * @default false
     */
    readonly eventKey?: boolean;
  };
  /**
   * Attributes to leave out of all spans, as `payload` or `hatchet.payload`. Added to the lists of the client's
   * configuration and of `HATCHET_CLIENT_OPENTELEMETRY_EXCLUDED_ATTRIBUTES`.
   * @default []
   */
  readonly excludedAttributes?: readonly ExcludableAttribute[];
  /** Payloads and metadata to record on spans. Off by default. */
  readonly capture?: CaptureOptions;
  /**
   * Relation of a task's span to the context in which its run was created: child of it, or a separate trace with a link.
   * @default 'auto'
   */
  readonly relation?: RelationOption;
  /**
   * Number of items of a bulk call that get a span and a context of their own; the others share those of the bulk span.
   * @default 100
   */
  readonly maxItemSpans?: number;
  /**
   * Send the context of a trace that starts here and is not sampled, with its flag clear, so that workers drop it too.
   * @default true
   */
  readonly propagateUnsampled?: boolean;
  /**
   * Write and read W3C `baggage` in the metadata of runs and events. The engine stores it and the dashboard shows it.
   * @default false
   */
  readonly propagateBaggage?: boolean;
  /**
   * Append `.<actionId>` to `hatchet.start_step_run`. `HATCHET_CLIENT_OPENTELEMETRY_INCLUDE_TASK_NAME_IN_SPAN_NAME`
   * and the client's configuration also enable it.
   * @default false
   */
  readonly includeTaskNameInSpanName?: boolean;
  /** Returns another name for a span; keep its cardinality low. */
  readonly spanName?: (operation: HatchetOperation, defaultName: string) => string;
  /** Called for every recorded span of this package after its first attributes are set. */
  readonly startHook?: (span: Span, info: HatchetSpanInfo) => void;
  /** Called before such a span ends, with the thrown value if it ends as an error. */
  readonly endHook?: (span: Span, info: HatchetSpanInfo, error?: unknown) => void;
}

/** Call that a hook's span belongs to. */
export interface HatchetSpanInfo {
  readonly operation: HatchetOperation;
  /**
   * Arguments of the SDK's method: the action that a worker received, or the name and input of a run; for an item of a
   * bulk call only the item. They belong to the caller; do not change them.
   */
  readonly args: readonly unknown[];
}

/** Part of the SDK's `ClientConfig` that concerns telemetry. */
export interface ClientTelemetryConfig {
  readonly namespace?: string | undefined;
  readonly otel?:
    | { readonly excludedAttributes?: readonly string[]; readonly includeTaskNameInSpanName?: boolean }
    | undefined;
}

/** Configuration with defaults and environment variables applied. */
export interface Settings extends Required<Pick<HatchetInstrumentorConfig, 'relation' | 'capture'>> {
  readonly maxItemSpans: number;
  readonly propagateUnsampled: boolean;
  readonly propagateBaggage: boolean;
  readonly eventKeyInMetrics: boolean;
  readonly spanName: HatchetInstrumentorConfig['spanName'];
  readonly startHook: HatchetInstrumentorConfig['startHook'];
  readonly endHook: HatchetInstrumentorConfig['endHook'];
  /** Excluded attributes for spans of a client: its own list, the instrumentor's and the environment's. */
  excludedFor(client: ClientTelemetryConfig | undefined): ReadonlySet<HatchetAttribute>;
  includeTaskName(client: ClientTelemetryConfig | undefined): boolean;
}

export function settingsOf(
  config: HatchetInstrumentorConfig,
  env: Record<string, string | undefined> = process.env,
): Settings {
  const fromEnvironment = parseExcludedAttributes(env[EXCLUDED_ATTRIBUTES_VARIABLE]);
  const ours = excludedSet(config.excludedAttributes, fromEnvironment);
  const ofClient = new WeakMap<readonly string[], ReadonlySet<HatchetAttribute>>();
  const taskName =
    config.includeTaskNameInSpanName ??
    env.HATCHET_CLIENT_OPENTELEMETRY_INCLUDE_TASK_NAME_IN_SPAN_NAME?.trim().toLowerCase() === 'true';
  return {
    relation: config.relation ?? 'auto',
    capture: config.capture ?? {},
    maxItemSpans: config.maxItemSpans ?? 100,
    propagateUnsampled: config.propagateUnsampled ?? true,
    propagateBaggage: config.propagateBaggage ?? false,
    eventKeyInMetrics: config.metricAttributes?.eventKey ?? false,
    spanName: config.spanName,
    startHook: config.startHook,
    endHook: config.endHook,
    excludedFor(client) {
      const list = client?.otel?.excludedAttributes;
      if (!Array.isArray(list) || list.length === 0) return ours;
      const known = ofClient.get(list);
      if (known) return known;
      const excluded = new Set([...ours, ...excludedSet(list)]);
      ofClient.set(list, excluded);
      return excluded;
    },
    includeTaskName: (client) => taskName || client?.otel?.includeTaskNameInSpanName === true,
  };
}

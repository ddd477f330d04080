import type { MeterProvider, Span, TracerProvider } from '@opentelemetry/api';
import type { InstrumentationConfig } from '@opentelemetry/instrumentation';
import type { HatchetAttribute } from './attributes.ts';
import type { CaptureOptions } from './capture.ts';
import {
  EXCLUDED_ATTRIBUTES_VARIABLE,
  type ExcludableAttribute,
  excludedSet,
  parseExcludedAttributes,
} from './excluded-attributes.ts';
import type { RelationOption } from './relation.ts';
import type { HatchetOperation } from './spans.ts';

/** What `new HatchetInstrumentor()` takes. */
export interface HatchetInstrumentorConfig extends InstrumentationConfig {
  /**
   * The provider of this instrumentor's tracer.
   * @default the global one, whether it is registered before or after
   */
  readonly tracerProvider?: TracerProvider;
  /**
   * The provider of this instrumentor's meter. Without one, and without a global one, no metrics are made.
   * @default the global one, whether it is registered before or after
   */
  readonly meterProvider?: MeterProvider;
  /** What metrics may say beyond the names of workflows and tasks. */
  readonly metricAttributes?: {
    /**
     * The event's key as `messaging.destination.name`, where there are not many.
     * @default false
     */
    readonly eventKey?: boolean;
  };
  /**
   * Attributes that no span shall have, as `payload` or `hatchet.payload`. What the client's configuration and
   * `HATCHET_CLIENT_OPENTELEMETRY_EXCLUDED_ATTRIBUTES` exclude is excluded as well.
   * @default []
   */
  readonly excludedAttributes?: readonly ExcludableAttribute[];
  /** Payloads and metadata on spans. Off by default. */
  readonly capture?: CaptureOptions;
  /**
   * How a task's span stands to the context in which its run was created: its child, or a trace of its own with a link.
   * @default 'auto'
   */
  readonly relation?: RelationOption;
  /**
   * How many items of a bulk call get a span and a context of their own; the rest share the bulk span's.
   * @default 100
   */
  readonly maxItemSpans?: number;
  /**
   * Hand on the context of a trace that begins here and is not sampled, with its flag clear, so that workers drop it too.
   * @default true
   */
  readonly propagateUnsampled?: boolean;
  /**
   * Write and read W3C `baggage` in the metadata of runs and events. They are stored, and shown in the dashboard.
   * @default false
   */
  readonly propagateBaggage?: boolean;
  /**
   * Append `.<actionId>` to `hatchet.start_step_run`. `HATCHET_CLIENT_OPENTELEMETRY_INCLUDE_TASK_NAME_IN_SPAN_NAME`
   * and the client's configuration switch it on as well.
   * @default false
   */
  readonly includeTaskNameInSpanName?: boolean;
  /** Another name for a span; keep it low in cardinality. */
  readonly spanName?: (operation: HatchetOperation, defaultName: string) => string;
  /** Called with every recorded span of this package, once its first attributes are set. */
  readonly startHook?: (span: Span, info: HatchetSpanInfo) => void;
  /** Called before such a span ends; with what was thrown when it ends as an error. */
  readonly endHook?: (span: Span, info: HatchetSpanInfo, error?: unknown) => void;
}

/** What a hook is told besides the span. */
export interface HatchetSpanInfo {
  readonly operation: HatchetOperation;
  /**
   * The arguments of the SDK's method: the action that a worker received, the name and input of a run. For an item of a
   * bulk call the item alone. They are the caller's: not to be changed.
   */
  readonly args: readonly unknown[];
}

/** The part of the SDK's `ClientConfig` that is about telemetry. */
export interface ClientTelemetryConfig {
  readonly namespace?: string | undefined;
  readonly otel?:
    | { readonly excludedAttributes?: readonly string[]; readonly includeTaskNameInSpanName?: boolean }
    | undefined;
}

/** Configuration with its defaults, and the environment's part in it. */
export interface Settings extends Required<Pick<HatchetInstrumentorConfig, 'relation' | 'capture'>> {
  readonly maxItemSpans: number;
  readonly propagateUnsampled: boolean;
  readonly propagateBaggage: boolean;
  readonly eventKeyInMetrics: boolean;
  readonly spanName: HatchetInstrumentorConfig['spanName'];
  readonly startHook: HatchetInstrumentorConfig['startHook'];
  readonly endHook: HatchetInstrumentorConfig['endHook'];
  /** What is excluded for spans of a client: its own list added to the instrumentor's and the environment's. */
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
    config.includeTaskNameInSpanName ?? env.HATCHET_CLIENT_OPENTELEMETRY_INCLUDE_TASK_NAME_IN_SPAN_NAME === 'true';
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

import { diag } from '@opentelemetry/api';
import type { CaptureOptions } from '../configuration/capture.ts';
import type { HatchetInstrumentorConfig } from '../configuration/settings.ts';

/** Variable that configures the instrumentor of `/register`. */
export interface OptionVariable {
  /** Name after `HATCHET_CLIENT_OPENTELEMETRY_`. */
  readonly name: string;
  readonly type: 'boolean' | 'integer' | 'relation';
  /** Path of the constructor's option that it sets. */
  readonly option: string;
  readonly set: (value: never) => DeepPartial;
}

/**
 * Variables `HATCHET_CLIENT_OPENTELEMETRY_*`, except `EXCLUDED_ATTRIBUTES` and `INCLUDE_TASK_NAME_IN_SPAN_NAME`, which
 * every instrumentor reads, like the SDK.
 */
export const OPTION_VARIABLES: readonly OptionVariable[] = [
  variable('CAPTURE_PAYLOAD', 'boolean', 'capture.payload', (payload: boolean) => ({ capture: { payload } })),
  variable('CAPTURE_METADATA', 'boolean', 'capture.metadata', (metadata: boolean) => ({ capture: { metadata } })),
  variable('CAPTURE_MAX_BYTES', 'integer', 'capture.maxBytes', (maxBytes: number) => ({ capture: { maxBytes } })),
  variable('RELATION', 'relation', 'relation', (relation: 'auto' | 'parent' | 'link') => ({ relation })),
  variable('MAX_ITEM_SPANS', 'integer', 'maxItemSpans', (maxItemSpans: number) => ({ maxItemSpans })),
  variable('PROPAGATE_UNSAMPLED', 'boolean', 'propagateUnsampled', (propagateUnsampled: boolean) => ({
    propagateUnsampled,
  })),
  variable('PROPAGATE_BAGGAGE', 'boolean', 'propagateBaggage', (propagateBaggage: boolean) => ({ propagateBaggage })),
];

/** Reads the instrumentor's options from the environment. An invalid value is reported and ignored. */
export function optionsFromEnvironment(env: Record<string, string | undefined>): HatchetInstrumentorConfig {
  const options: { -readonly [K in keyof DeepPartial]: DeepPartial[K] } = {};
  for (const { name, type, set } of OPTION_VARIABLES) {
    const text = env[PREFIX + name]?.trim();
    if (!text) continue;
    const value = READ[type].read(text);
    if (value === undefined) {
      diag.warn(
        `@hatchet-ts/sdk-otel: ${PREFIX}${name} is ${JSON.stringify(text)}, which is invalid; it is ignored; expected ${READ[type].allowed}`,
      );
      continue;
    }
    const { capture, ...others } = set(value as never);
    Object.assign(options, others);
    if (capture) options.capture = { ...options.capture, ...capture };
  }
  return options;
}

export const PREFIX = 'HATCHET_CLIENT_OPENTELEMETRY_';

type DeepPartial = Pick<
  HatchetInstrumentorConfig,
  'relation' | 'maxItemSpans' | 'propagateUnsampled' | 'propagateBaggage'
> & { readonly capture?: CaptureOptions };

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

const READ = {
  boolean: {
    allowed: 'true or false',
    read: (text: string) => BOOLEANS.get(text.toLowerCase()),
  },
  integer: {
    allowed: 'a whole number of at least 0',
    read: (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined),
  },
  relation: {
    allowed: 'auto, parent or link',
    read: (text: string) => (['auto', 'parent', 'link'].includes(text) ? text : undefined),
  },
} as const;

function variable<T>(
  name: string,
  type: OptionVariable['type'],
  option: string,
  set: (value: T) => DeepPartial,
): OptionVariable {
  return { name, type, option, set: set as OptionVariable['set'] };
}

import { type Combination, pairwise } from './pairwise.ts';

/** Factors of the matrix's applications. Versions: the oldest supported release, one in between, the newest. */
export const FACTORS = {
  node: ['22.23.3', '24.21.0', '26.10.0'],
  modules: ['ESM', 'CommonJS'],
  otel: ['2.10', '2.12', '3.1'],
  sdk: ['1.18.0', '1.24.3', '1.33.2'],
  layout: ['npm', 'pnpm'],
  wiring: [
    'given',
    'global provider before',
    'global provider after',
    'registerInstrumentations',
    'zero code',
    'SDK loaded before',
    'bundle',
  ],
} as const;

export type Cell = Combination<typeof FACTORS>;

const OWN_NODE: string = process.versions.node;

/** npm has Node.js packages for Linux only; other platforms use the installed Node.js for all cells. */
export const HAS_EVERY_NODE: boolean = process.platform === 'linux';

/** Applications to test: every pair of values of two factors is in at least one of them. */
export const CELLS: readonly Cell[] = pairwise(HAS_EVERY_NODE ? FACTORS : { ...FACTORS, node: [OWN_NODE] as never });

/** Packages of each OpenTelemetry line that an application installs. */
export const OTEL_PACKAGES: Readonly<Record<Cell['otel'], Readonly<Record<string, string>>>> = {
  // the versions in the official SDK's peer dependencies
  '2.10': line2('2.10.0', '0.221.0'),
  '2.12': line2('2.12.0', '0.223.0'),
  '3.1': {
    '@opentelemetry/api': '1.10.0',
    '@opentelemetry/context-async-hooks': '3.1.1',
    '@opentelemetry/core': '3.1.1',
    '@opentelemetry/instrumentation': '0.301.1',
    '@opentelemetry/otlp-transformer': '0.301.1',
    '@opentelemetry/resources': '3.1.1',
    '@opentelemetry/sdk-node': '0.301.0',
    '@opentelemetry/sdk-trace': '3.1.1',
  },
};

function line2(stable: string, experimental: string): Record<string, string> {
  return {
    '@opentelemetry/api': '1.9.1',
    '@opentelemetry/context-async-hooks': stable,
    '@opentelemetry/instrumentation': experimental,
    '@opentelemetry/otlp-transformer': experimental,
    '@opentelemetry/resources': stable,
    '@opentelemetry/sdk-node': experimental,
    '@opentelemetry/sdk-trace-base': stable,
    '@opentelemetry/sdk-trace-node': stable,
  };
}

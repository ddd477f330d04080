import { randomUUID } from 'node:crypto';
import { diag } from '@opentelemetry/api';
import { loadPeer, type Peer } from '../export/optional-peer.ts';
import { type Environment, PURPOSE } from './span-exporters.ts';

/** Resource detector of an SDK of the 2.x or 3.x line. */
interface ResourceDetector {
  detect(config?: object): { readonly attributes?: Readonly<Record<string, unknown>> };
}

/**
 * Returns the detectors of `OTEL_NODE_RESOURCE_DETECTORS`, by default `env`, `host` and `process` as in NodeSDK and in the
 * services: Jaeger compares the `host.*` attributes of spans. Each process has a `service.instance.id`, and no command
 * line is exported, because it may contain tokens and passwords.
 */
export function resourceDetectors(env: Environment, sdk: Peer): ResourceDetector[] {
  const known = loadPeer(['@opentelemetry/resources'], PURPOSE, sdk).exports as Detectors;
  const { envDetector, hostDetector, osDetector, processDetector } = known;
  const instanceId = randomUUID(); // a detector may be called more than once
  const detectors: Readonly<Record<string, ResourceDetector | undefined>> = {
    host: hostDetector,
    os: osDetector,
    serviceinstance: { detect: () => ({ attributes: { 'service.instance.id': instanceId } }) },
    process: processDetector && { detect: (config) => withoutCommandLine(processDetector.detect(config)) },
    env: envDetector, // last: the operator's attributes win
  };
  const names = new Set(namesOf(env, Object.keys(detectors)));
  return Object.entries(detectors).flatMap(([name, detector]) => (names.has(name) && detector ? [detector] : []));
}

const DEFAULT_DETECTORS = ['env', 'host', 'process'];

function namesOf({ OTEL_NODE_RESOURCE_DETECTORS = '' }: Environment, known: readonly string[]): readonly string[] {
  const names = OTEL_NODE_RESOURCE_DETECTORS.split(',').map((name) => name.trim());
  const wanted = names.filter((name) => name !== '');
  for (const name of wanted) {
    if (name === 'all' || name === 'none' || known.includes(name)) continue;
    diag.warn(
      `@hatchet-ts/sdk-otel: OTEL_NODE_RESOURCE_DETECTORS contains the unknown detector ${JSON.stringify(name)}; it is ignored; use ${known.join(', ')}, all or none`,
    );
  }
  if (wanted.includes('all')) return known;
  return [...(wanted.length === 0 ? DEFAULT_DETECTORS : wanted.includes('none') ? [] : wanted), 'serviceinstance'];
}

function withoutCommandLine(detected: ReturnType<ResourceDetector['detect']>): typeof detected {
  const attributes = Object.entries(detected.attributes ?? {}).filter(([key]) => !COMMAND_LINE.has(key));
  return { attributes: Object.fromEntries(attributes) };
}

const COMMAND_LINE: ReadonlySet<string> = new Set([
  'process.command',
  'process.command_args',
  'process.command_line',
  'process.owner',
]);

type Detectors = Readonly<
  Partial<Record<'envDetector' | 'hostDetector' | 'osDetector' | 'processDetector', ResourceDetector>>
>;

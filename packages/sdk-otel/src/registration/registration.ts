import type { LastBatchChild } from '@hatchet-ts/process-end';
import { diag } from '@opentelemetry/api';
import { HatchetSpanProcessor } from '../context/span-processor.ts';
import { loadPeer } from '../export/optional-peer.ts';
import { explanationLines } from '../instrumentation/explanation.ts';
import { HatchetInstrumentor } from '../instrumentor.ts';
import { logToConsole } from './diagnostics.ts';
import { optionsFromEnvironment } from './environment.ts';
import { flushSdkAtEnd } from './flush-at-end.ts';
import { resourceDetectors } from './resource-detectors.ts';
import { samplerFromEnvironment } from './sampler.ts';
import { type Environment, PURPOSE } from './span-exporters.ts';
import { createExportProcessors } from './span-processors.ts';

/**
 * Starts an SDK configured by `OTEL_*` and an instrumentor configured by `HATCHET_CLIENT_OPENTELEMETRY_*`. If the
 * application has registered a provider before, uses that one instead.
 *
 * @param lastBatch process that sends the spans that are left in the `exit` event
 * @throws MissingPeerError with the package to install
 */
export function register(lastBatch: LastBatchChild, env: Environment = process.env): HatchetInstrumentor {
  const instrumentor = new HatchetInstrumentor({ enabled: false });
  const hasProvider = instrumentor.explain().tracerProvider.from !== 'none';
  if (!hasProvider) logToConsole(env);
  instrumentor.setConfig(optionsFromEnvironment(env));
  if (!hasProvider) startSdk(env, instrumentor, lastBatch);
  instrumentor.instrument();
  diag.debug(explanationLines(instrumentor.explain()).join('\n'));
  return instrumentor;
}

function startSdk(env: Environment, instrumentor: HatchetInstrumentor, lastBatch: LastBatchChild): void {
  const peer = loadPeer(['@opentelemetry/sdk-node'], PURPOSE);
  const { NodeSDK } = peer.exports as NodeSdkModule;
  const { all, tracked } = createExportProcessors(env, peer);
  const sampler = samplerFromEnvironment(env);
  withoutVariables(['OTEL_LOG_LEVEL', ...(sampler ? ['OTEL_TRACES_SAMPLER'] : [])], () => {
    const sdk = new NodeSDK({
      instrumentations: [instrumentor],
      resourceDetectors: resourceDetectors(env, peer),
      spanProcessors: all.length > 0 ? [new HatchetSpanProcessor(), ...all] : [],
      ...(sampler && { sampler }),
    });
    sdk.start();
  });
  flushSdkAtEnd(peer, tracked, lastBatch);
}

/** Hides variables from NodeSDK while it starts: it would replace our logger, and warn of a sampler that it does not know. */
function withoutVariables(names: readonly string[], start: () => void): void {
  const hidden = names
    .filter((name) => process.env[name] !== undefined)
    .map((name) => [name, process.env[name]] as const);
  for (const [name] of hidden) delete process.env[name];
  try {
    start();
  } finally {
    for (const [name, value] of hidden) process.env[name] = value;
  }
}

interface NodeSdkModule {
  readonly NodeSDK: new (options: object) => { start(): void };
}

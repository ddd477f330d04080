import { DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { HatchetSpanProcessor } from '../context/span-processor.ts';
import { loadPeer } from '../export/optional-peer.ts';
import { explanationLines } from '../instrumentation/explanation.ts';
import { HatchetInstrumentor } from '../instrumentor.ts';
import { optionsFromEnvironment } from './environment.ts';
import { flushBeforeExit } from './flush-before-exit.ts';
import { createExportProcessors } from './span-processors.ts';

/**
 * Starts an SDK configured by `OTEL_*` and an instrumentor configured by `HATCHET_CLIENT_OPENTELEMETRY_*`. If the
 * application has registered a provider before, uses that one instead.
 *
 * @throws MissingPeerError with the package to install
 */
export function register(env: Readonly<Record<string, string | undefined>> = process.env): HatchetInstrumentor {
  const instrumentor = new HatchetInstrumentor({ enabled: false });
  const hasProvider = instrumentor.explain().tracerProvider.from !== 'none';
  if (!hasProvider) logToConsole(env);
  instrumentor.setConfig(optionsFromEnvironment(env));
  if (!hasProvider) startSdk(env, instrumentor);
  instrumentor.instrument();
  diag.debug(explanationLines(instrumentor.explain()).join('\n'));
  return instrumentor;
}

function startSdk(env: Readonly<Record<string, string | undefined>>, instrumentor: HatchetInstrumentor): void {
  const peer = loadPeer(['@opentelemetry/sdk-node'], '/register');
  const { NodeSDK } = peer.exports as NodeSdkModule;
  const exportProcessors = createExportProcessors(env, peer);
  if (env.OTEL_LOG_LEVEL) diag.disable(); // NodeSDK sets its own logger and would warn that it replaces this one
  const sdk = new NodeSDK({
    instrumentations: [instrumentor],
    spanProcessors: exportProcessors.length > 0 ? [new HatchetSpanProcessor(), ...exportProcessors] : [],
  });
  sdk.start();
  flushBeforeExit(sdk);
}

// no application code can have set a logger yet, and these messages are logged only once
function logToConsole({ OTEL_LOG_LEVEL = '' }: Readonly<Record<string, string | undefined>>): void {
  const levels: Readonly<Record<string, unknown>> = DiagLogLevel;
  const level = levels[OTEL_LOG_LEVEL.trim().toUpperCase()];
  diag.setLogger(new DiagConsoleLogger(), {
    logLevel: typeof level === 'number' ? level : DiagLogLevel.WARN,
    suppressOverrideMessage: true,
  });
}

interface NodeSdkModule {
  readonly NodeSDK: new (options: object) => { start(): void; shutdown(): Promise<void> };
}

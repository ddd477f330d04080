import { DiagConsoleLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import { HatchetSpanProcessor } from '../context/span-processor.ts';
import { loadPeer } from '../export/optional-peer.ts';
import { explanationLines } from '../instrumentation/explanation.ts';
import { HatchetInstrumentor } from '../instrumentor.ts';
import { optionsFromEnvironment } from './environment.ts';
import { flushBeforeExit } from './flush-before-exit.ts';
import { exportProcessors } from './span-processors.ts';

/**
 * Zero code: an SDK as `OTEL_*` says and an instrumentor as `HATCHET_CLIENT_OPENTELEMETRY_*` says. Where the application
 * has registered a provider before, that one is used and none is made.
 *
 * @throws MissingPeerError that names the package to install
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
  const exporting = exportProcessors(env, peer);
  if (env.OTEL_LOG_LEVEL) diag.disable(); // NodeSDK sets its own, and would say that it takes another's place
  const sdk = new NodeSDK({
    instrumentations: [instrumentor],
    spanProcessors: exporting.length > 0 ? [new HatchetSpanProcessor(), ...exporting] : [],
  });
  sdk.start();
  flushBeforeExit(sdk);
}

// there is no code that could have set a logger, and what is said here is said once
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

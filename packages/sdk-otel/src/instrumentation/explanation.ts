import { context, createContextKey, propagation, ROOT_CONTEXT, type TracerProvider, trace } from '@opentelemetry/api';
import { VERSION } from '../telemetry/telemetry.ts';
import { SDK_PACKAGE, SUPPORTED_SDK } from './loaded-sdk.ts';
import type { PatchedClass } from './patched-methods.ts';

/** How an instrumentor is wired, for a log line or a look at the REPL. */
export interface Explanation {
  /** of this package */
  readonly version: string;
  readonly enabled: boolean;
  /** the classes of the SDK that were patched, once for each copy of the SDK in the process */
  readonly patched: readonly PatchedClass[];
  /** where the spans go */
  readonly tracerProvider: { readonly from: 'given' | 'global' | 'none'; readonly name?: string };
  /** keys that the global propagator reads and writes; empty when there is none. Runs and events carry W3C whatever it is. */
  readonly propagator: readonly string[];
  /** what keeps the active span across `await`: its class name, undefined when there is none */
  readonly contextManager: string | undefined;
  /** what keeps this from working, and what to do about it; empty when all is well */
  readonly missing: readonly string[];
}

/** What an instrumentor knows of itself. */
export interface Wiring {
  readonly enabled: boolean;
  readonly patched: readonly PatchedClass[];
  /** the provider that the constructor or `setTracerProvider` was given */
  readonly given: TracerProvider | undefined;
  /** versions of the SDK that were met and that the patches do not fit */
  readonly unsupported: readonly string[];
}

export function explanationOf({ enabled, patched, given, unsupported }: Wiring): Explanation {
  const provider = providerOf(given);
  const contextManager = contextManagerName();
  const missing = [
    ...(enabled ? [] : ['it is switched off: call instrument()']),
    ...sdkProblems(patched, unsupported),
    ...providerProblems(provider),
    ...(contextManager || provider.from === 'none'
      ? []
      : [
          'there is no context manager, so no span has a parent: call provider.register(), or context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())',
        ]),
  ];
  return {
    version: VERSION,
    enabled,
    patched,
    tracerProvider: provider,
    propagator: propagation.fields(),
    contextManager,
    missing,
  };
}

/** The explanation as lines of a log. */
export function explanationLines(explanation: Explanation): string[] {
  const { version, patched, tracerProvider, propagator, contextManager, missing } = explanation;
  return [
    `@hatchet-ts/sdk-otel ${version}: ${patched.length === 0 ? 'nothing is patched yet' : 'patched'}`,
    ...patched.map(
      ({ className, methods, sdkVersion }) =>
        `  ${className} (${methods.join(', ')}) of ${sdkVersion ? `${SDK_PACKAGE} ${sdkVersion}` : 'what instrument() was given'}`,
    ),
    `  tracer provider: ${[tracerProvider.from, tracerProvider.name].filter(Boolean).join(', ')}`,
    `  propagator: ${propagator.join(', ') || 'none'}`,
    `  context manager: ${contextManager ?? 'none'}`,
    ...missing.map((problem) => `  missing: ${problem}`),
  ];
}

function sdkProblems(patched: readonly PatchedClass[], unsupported: readonly string[]): string[] {
  const problems = unsupported.map(
    (version) => `${SDK_PACKAGE} ${version} is loaded and not traced: install a release ${SUPPORTED_SDK}`,
  );
  if (patched.length === 0 && problems.length === 0) {
    problems.push(
      `${SDK_PACKAGE} is not loaded yet; if your application is a bundle, call instrument(client, worker) with yours`,
    );
  }
  for (const { className, replaced, missing } of patched) {
    if (replaced.length > 0) {
      problems.push(
        `another instrumentation has replaced ${className}.${replaced.join(`, ${className}.`)}: remove it (Hatchet's own HatchetInstrumentor?)`,
      );
    }
    if (missing.length > 0) problems.push(`the SDK has no ${className}.${missing.join(`, ${className}.`)}`);
  }
  return problems;
}

function providerOf(given: TracerProvider | undefined): Explanation['tracerProvider'] {
  const global = trace.getTracerProvider();
  if (given && given !== global) return { from: 'given', ...named(given) };
  const delegate = 'getDelegate' in global ? (global as { getDelegate(): TracerProvider }).getDelegate() : global;
  const name = named(delegate);
  return name.name === 'NoopTracerProvider' ? { from: 'none' } : { from: 'global', ...name };
}

function providerProblems({ from }: Explanation['tracerProvider']): string[] {
  if (from !== 'none') return [];
  const { version, trace: registered } = globals();
  if (registered) {
    return [
      `a tracer provider is registered through @opentelemetry/api ${version}, which this copy of the API cannot see: install one version of @opentelemetry/api`,
    ];
  }
  return [
    'there is no tracer provider, so nothing is recorded: give the constructor one, or register it (node --import @hatchet-ts/sdk-otel/register does)',
  ];
}

/** Asks by use, since the API has no way to ask; a name is only there for the reader. */
function contextManagerName(): string | undefined {
  const key = createContextKey('@hatchet-ts/sdk-otel probe');
  const works = context.with(ROOT_CONTEXT.setValue(key, true), () => context.active().getValue(key) === true);
  return works ? (named(globals().context).name ?? 'present') : undefined;
}

// where every version of the API keeps what was registered; read for diagnosis alone
function globals(): { version?: string; trace?: unknown; context?: unknown } {
  return (globalThis as Record<symbol, object | undefined>)[Symbol.for('opentelemetry.js.api.1')] ?? {};
}

function named(instance: unknown): { name?: string } {
  const name = (instance as { constructor?: { name?: unknown } } | undefined)?.constructor?.name;
  return typeof name === 'string' && name !== '' ? { name } : {};
}

import { context, createContextKey, propagation, ROOT_CONTEXT, type TracerProvider, trace } from '@opentelemetry/api';
import { VERSION } from '../telemetry/telemetry.ts';
import { SDK_PACKAGE, SUPPORTED_SDK } from './loaded-sdk.ts';
import type { PatchedClass } from './patched-methods.ts';

/** State of an instrumentor, for a log line or the REPL. */
export interface Explanation {
  /** Version of this package. */
  readonly version: string;
  readonly enabled: boolean;
  /** Patched classes of the SDK, for each copy of the SDK in the process. */
  readonly patched: readonly PatchedClass[];
  /** Provider that receives the spans. */
  readonly tracerProvider: { readonly from: 'given' | 'global' | 'none'; readonly name?: string };
  /** Keys of the global propagator; empty without one. Runs and events carry W3C context in any case. */
  readonly propagator: readonly string[];
  /** Class name of the context manager, which keeps the active span across `await`; undefined without one. */
  readonly contextManager: string | undefined;
  /** Problems with their remedies; empty if there are none. */
  readonly missing: readonly string[];
}

/** State that an instrumentor passes in. */
export interface Wiring {
  readonly enabled: boolean;
  readonly patched: readonly PatchedClass[];
  /** Provider from the constructor or `setTracerProvider`. */
  readonly given: TracerProvider | undefined;
  /** Loaded versions of the SDK that the patches do not support. */
  readonly unsupported: readonly string[];
}

export function explanationOf({ enabled, patched, given, unsupported }: Wiring): Explanation {
  const provider = providerOf(given);
  const contextManager = contextManagerName();
  const missing = [
    ...(enabled ? [] : ['the instrumentor is disabled, so nothing is traced: call instrument()']),
    ...sdkProblems(patched, unsupported),
    ...providerProblems(provider),
    ...(contextManager || provider.from === 'none'
      ? []
      : [
          'no context manager is registered, so no span has a parent: call provider.register(), or context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())',
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

/** Formats the explanation as log lines. */
export function explanationLines(explanation: Explanation): string[] {
  const { version, patched, tracerProvider, propagator, contextManager, missing } = explanation;
  return [
    `@hatchet-ts/sdk-otel ${version}: ${patched.length === 0 ? 'no class is patched yet' : 'patched'}`,
    ...patched.map(
      ({ className, methods, sdkVersion }) =>
        `  ${className} (${methods.join(', ')}) of ${sdkVersion ? `${SDK_PACKAGE} ${sdkVersion}` : 'the arguments of instrument()'}`,
    ),
    `  tracer provider: ${[tracerProvider.from, tracerProvider.name].filter(Boolean).join(', ')}`,
    `  propagator: ${propagator.join(', ') || 'none'}`,
    `  context manager: ${contextManager ?? 'none'}`,
    ...missing.map((problem) => `  missing: ${problem}`),
  ];
}

function sdkProblems(patched: readonly PatchedClass[], unsupported: readonly string[]): string[] {
  const problems = unsupported.map(
    (version) =>
      `${SDK_PACKAGE} ${version} is loaded but not supported, so it is not traced: install a release ${SUPPORTED_SDK}`,
  );
  if (patched.length === 0 && problems.length === 0) {
    problems.push(
      `${SDK_PACKAGE} is not loaded yet, so nothing is traced: if your application is a bundle, call instrument(client, worker) with your instances`,
    );
  }
  for (const { className, replaced, missing } of patched) {
    if (replaced.length > 0) {
      problems.push(
        `another instrumentation has replaced ${className}.${replaced.join(`, ${className}.`)}, so these calls are not traced: remove it (is it Hatchet's own HatchetInstrumentor?)`,
      );
    }
    if (missing.length > 0)
      problems.push(
        `the SDK has no ${className}.${missing.join(`, ${className}.`)}, so these calls are not traced: install a supported release`,
      );
  }
  return problems;
}

function providerOf(given: TracerProvider | undefined): Explanation['tracerProvider'] {
  const global = trace.getTracerProvider();
  if (given && given !== global) return { from: 'given', ...classNameOf(given) };
  const delegate = 'getDelegate' in global ? (global as { getDelegate(): TracerProvider }).getDelegate() : global;
  const name = classNameOf(delegate);
  return name.name === 'NoopTracerProvider' ? { from: 'none' } : { from: 'global', ...name };
}

function providerProblems({ from }: Explanation['tracerProvider']): string[] {
  if (from !== 'none') return [];
  const { version, trace: registered } = globals();
  if (registered) {
    return [
      `a tracer provider is registered through @opentelemetry/api ${version}, which this copy of the API cannot see, so nothing is recorded: install one version of @opentelemetry/api`,
    ];
  }
  return [
    'no tracer provider is registered, so nothing is recorded: pass one to the constructor, or register one (node --import @hatchet-ts/sdk-otel/register does)',
  ];
}

/** Tests the context manager by use, since the API has no getter; the name is only informative. */
function contextManagerName(): string | undefined {
  const key = createContextKey('@hatchet-ts/sdk-otel probe');
  const works = context.with(ROOT_CONTEXT.setValue(key, true), () => context.active().getValue(key) === true);
  return works ? (classNameOf(globals().context).name ?? 'present') : undefined;
}

// every version of the API stores registered providers here; read only for diagnosis
function globals(): { version?: string; trace?: unknown; context?: unknown } {
  return (globalThis as Record<symbol, object | undefined>)[Symbol.for('opentelemetry.js.api.1')] ?? {};
}

function classNameOf(instance: unknown): { name?: string } {
  const name = (instance as { constructor?: { name?: unknown } } | undefined)?.constructor?.name;
  return typeof name === 'string' && name !== '' ? { name } : {};
}

// Ways of setting up the instrumentor. `load` is `import` in an ES module and `require` in CommonJS.
import { scenario } from './scenario.mjs';

/** @param {string} wiring @param {(name: string) => Promise<any>} load */
export async function run(wiring, load) {
  const api = await load('@opentelemetry/api');
  // zero code sets a logger by OTEL_LOG_LEVEL
  if (wiring !== 'zero code') api.diag.setLogger(messages, api.DiagLogLevel.INFO);
  const flush = await WIRINGS[wiring](load, api);
  const sdk = await load('@hatchet-dev/typescript-sdk');
  const outcome = await scenario(sdk, api, { handleKill: wiring === 'zero code' });
  await flush();
  console.log(JSON.stringify({ msg: 'done', ...outcome }));
  // with zero code the worker ends as in production: the SDK stops it and ends the process without losing a span
  if (wiring === 'zero code') process.kill(process.pid, 'SIGTERM');
  else process.exit(0);
}

const messages = Object.fromEntries(
  ['error', 'warn', 'info', 'debug', 'verbose'].map((level) => [level, (...text) => console.error(...text)]),
);

const WIRINGS = {
  /** provider passed to the constructor and not registered; the application sets context manager and propagator */
  given: async (load, api) => {
    const { provider, useContext } = await makeProvider(load, api);
    useContext();
    api.trace.setGlobalTracerProvider(provider); // for the application's own span
    const { HatchetInstrumentor } = await load('@hatchet-ts/sdk-otel');
    new HatchetInstrumentor({ tracerProvider: provider });
    return () => provider.shutdown();
  },
  'global provider before': async (load, api) => {
    const { provider, registerGlobally } = await makeProvider(load, api);
    registerGlobally();
    const { HatchetInstrumentor } = await load('@hatchet-ts/sdk-otel');
    new HatchetInstrumentor();
    return () => provider.shutdown();
  },
  'global provider after': async (load, api) => {
    const { HatchetInstrumentor } = await load('@hatchet-ts/sdk-otel');
    new HatchetInstrumentor();
    await load('@hatchet-dev/typescript-sdk');
    const { provider, registerGlobally } = await makeProvider(load, api);
    registerGlobally();
    return () => provider.shutdown();
  },
  registerInstrumentations: async (load, api) => {
    const { provider, registerGlobally } = await makeProvider(load, api);
    registerGlobally();
    const { HatchetInstrumentor } = await load('@hatchet-ts/sdk-otel');
    const { registerInstrumentations } = await load('@opentelemetry/instrumentation');
    registerInstrumentations({ instrumentations: [new HatchetInstrumentor()], tracerProvider: provider });
    return () => provider.shutdown();
  },
  'SDK loaded before': async (load, api) => {
    await load('@hatchet-dev/typescript-sdk');
    const { provider, registerGlobally } = await makeProvider(load, api);
    registerGlobally();
    const { HatchetInstrumentor } = await load('@hatchet-ts/sdk-otel');
    new HatchetInstrumentor();
    return () => provider.shutdown();
  },
  /** set up by command-line options and environment */
  'zero code': async () => async () => {},
};

/** Creates a provider of the installed OpenTelemetry line that exports to the engine. */
export async function makeProvider(load, api) {
  const { createHatchetSpanProcessor } = await load('@hatchet-ts/sdk-otel/exporter');
  const { HatchetSpanProcessor } = await load('@hatchet-ts/sdk-otel');
  const { resourceFromAttributes } = await load('@opentelemetry/resources');
  const options = {
    resource: resourceFromAttributes({ 'service.name': process.env.OTEL_SERVICE_NAME }),
    spanProcessors: [new HatchetSpanProcessor(), createHatchetSpanProcessor()],
  };
  if (process.env.MATRIX_OTEL.startsWith('2.')) {
    const { NodeTracerProvider } = await load('@opentelemetry/sdk-trace-node');
    const { AsyncLocalStorageContextManager } = await load('@opentelemetry/context-async-hooks');
    const provider = new NodeTracerProvider(options);
    const useContext = () => api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    return { provider, useContext, registerGlobally: () => provider.register() };
  }
  const { TracerProvider } = await load('@opentelemetry/sdk-trace');
  const { AsyncLocalStorageContextManager } = await load('@opentelemetry/context-async-hooks');
  const provider = new TracerProvider(options);
  const useContext = () => api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const registerGlobally = () => {
    useContext();
    api.trace.setGlobalTracerProvider(provider);
  };
  return { provider, useContext, registerGlobally };
}

import '@hatchet-dev/typescript-sdk';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { afterEach, expect, test } from 'vitest';
import { HatchetInstrumentor } from '../instrumentor.ts';
import { explanationLines } from './explanation.ts';

const GLOBALS = Symbol.for('opentelemetry.js.api.1');
const instrumentors: HatchetInstrumentor[] = [];
const instrumentor = (...args: ConstructorParameters<typeof HatchetInstrumentor>) => {
  instrumentors.push(new HatchetInstrumentor(...args));
  return instrumentors.at(-1)!;
};

afterEach(() => {
  for (const each of instrumentors.splice(0)) each.uninstrument();
  trace.disable();
  context.disable();
  propagation.disable();
});

const registerAll = () => {
  trace.setGlobalTracerProvider(new BasicTracerProvider());
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
};

test('reports the setup and no problems', () => {
  registerAll();
  const { patched, ...explanation } = instrumentor().explain();
  expect(explanation).toMatchObject({
    enabled: true,
    tracerProvider: { from: 'global', name: 'BasicTracerProvider' },
    propagator: ['traceparent', 'tracestate'],
    contextManager: 'AsyncLocalStorageContextManager',
    missing: [],
  });
  expect(patched).toContainEqual({
    className: 'EventClient',
    sdkVersion: expect.stringMatching(/^1\.\d+\.\d+/),
    methods: ['push', 'bulkPush'],
    replaced: [],
    missing: [],
  });
});

test('reports problems with remedies', () => {
  const nothing = instrumentor({ enabled: false }).explain();
  expect(nothing.missing).toEqual([
    expect.stringContaining('call instrument()'),
    expect.stringContaining('is not loaded yet'),
    expect.stringContaining('no tracer provider is registered'),
  ]);
  const given = instrumentor({ tracerProvider: new BasicTracerProvider() }).explain();
  expect(given.tracerProvider).toEqual({ from: 'given', name: 'BasicTracerProvider' });
  expect(given.missing).toEqual([expect.stringContaining('no context manager is registered')]);
});

test('detects a provider of an older API copy', () => {
  const globals = globalThis as unknown as Record<symbol, unknown>;
  const own = globals[GLOBALS];
  globals[GLOBALS] = { version: '1.0.0', trace: new BasicTracerProvider() };
  const { missing } = instrumentor().explain();
  globals[GLOBALS] = own;
  expect(missing).toContainEqual(expect.stringContaining('registered through @opentelemetry/api 1.0.0'));
});

test('is formatted as log lines', () => {
  registerAll();
  const lines = explanationLines(instrumentor().explain());
  expect(lines[0]).toMatch(/^@hatchet-ts\/sdk-otel \d.*: patched$/);
  expect(lines).toContainEqual(
    expect.stringMatching(/^ {2}EventClient \(push, bulkPush\) of @hatchet-dev\/typescript-sdk 1\./),
  );
  expect(lines.slice(-3)).toEqual([
    '  tracer provider: global, BasicTracerProvider',
    '  propagator: traceparent, tracestate',
    '  context manager: AsyncLocalStorageContextManager',
  ]);
});

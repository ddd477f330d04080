import { readFileSync } from 'node:fs';
import { DispatcherClient } from '@hatchet-dev/typescript-sdk/clients/dispatcher/dispatcher-client.js';
import { EventClient } from '@hatchet-dev/typescript-sdk/clients/event/event-client.js';
import { DurableListenerClient } from '@hatchet-dev/typescript-sdk/clients/listeners/durable-listener/durable-listener-client.js';
import { AdminClient } from '@hatchet-dev/typescript-sdk/v1/client/admin.js';
import { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/client/client.js';
import { CronClient } from '@hatchet-dev/typescript-sdk/v1/client/features/crons.js';
import { RunsClient } from '@hatchet-dev/typescript-sdk/v1/client/features/runs.js';
import { ScheduleClient } from '@hatchet-dev/typescript-sdk/v1/client/features/schedules.js';
import { DurableContext } from '@hatchet-dev/typescript-sdk/v1/client/worker/context.js';
import { InternalWorker } from '@hatchet-dev/typescript-sdk/v1/client/worker/worker-internal.js';
import { trace } from '@opentelemetry/api';
import { isWrapped, registerInstrumentations } from '@opentelemetry/instrumentation';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { HatchetInstrumentor } from './instrumentor.ts';
import { SPANS } from './tables/spans.ts';
import { VERSION } from './telemetry/telemetry.ts';
import { startRecorder } from './testing/recorder.ts';
import { runModule } from './testing/run-module.ts';
import { captureDiag } from './testing/telemetry.ts';

const METHODS = [
  [AdminClient, 'runWorkflow'],
  [AdminClient, 'runWorkflows'],
  [EventClient, 'push'],
  [EventClient, 'bulkPush'],
  [InternalWorker, 'handleStartStepRun'],
  [InternalWorker, 'handleCancelStepRun'],
  [DispatcherClient, 'sendStepActionEvent'],
  [DispatcherClient, 'sendBatchActionEvent'],
  [InternalWorker, 'handleStartBatch'],
  [InternalWorker, 'start'],
  [InternalWorker, 'exitGracefully'],
  [ScheduleClient, 'create'],
  [CronClient, 'create'],
  [RunsClient, 'cancel'],
  [RunsClient, 'replay'],
  [DurableContext, 'waitFor'],
  [DurableContext, 'memo'],
  [DurableListenerClient, 'sendEvent'],
] as const;
const getters = () =>
  ['scheduled', 'crons'].map((name) => Object.getOwnPropertyDescriptor(HatchetClient.prototype, name)?.get);
const originalGetters = getters();
const methods = () => METHODS.map(([owner, method]) => Reflect.get(owner.prototype, method) as () => unknown);
const originals = methods();
const instrumentors: HatchetInstrumentor[] = [];
const track = (instrumentor: HatchetInstrumentor) => {
  instrumentors.push(instrumentor);
  return instrumentor;
};
const { warn } = captureDiag();

afterEach(() => {
  for (const instrumentor of instrumentors.splice(0)) instrumentor.uninstrument();
  trace.disable();
});

describe('an SDK that is already loaded', () => {
  test('is patched in place and fully restored by uninstrument()', () => {
    const instrumentor = track(new HatchetInstrumentor());
    expect(methods().map((method) => isWrapped(method))).toEqual(METHODS.map(() => true));
    const second = track(new HatchetInstrumentor());
    expect(getters()).not.toEqual(originalGetters);
    instrumentor.uninstrument();
    second.uninstrument();
    expect(methods()).toEqual(originals);
    expect(getters()).toEqual(originalGetters);
    warn.mockClear();
    instrumentor.instrument();
    instrumentor.instrument();
    expect(methods().map((method) => isWrapped(method))).toEqual(METHODS.map(() => true));
    expect(warn).not.toHaveBeenCalled();
  });

  test('stays unpatched with enabled: false', () => {
    track(new HatchetInstrumentor({ enabled: false }));
    expect(methods()).toEqual(originals);
  });

  test('is patched once: a second instrumentor replaces the first and logs a warning', () => {
    track(new HatchetInstrumentor());
    track(new HatchetInstrumentor());
    expect(warn.mock.calls.map(([text]) => String(text))).toContainEqual(
      expect.stringContaining('EventClient.push has another instrumentation'),
    );
    expect(methods().map((method) => (method as { __original?: unknown }).__original)).toEqual(originals);
  });

  test('keeps a wrapper that was added later; our wrapper inside it only passes calls on', () => {
    const instrumentor = track(new HatchetInstrumentor());
    const ours = AdminClient.prototype.runWorkflows;
    const theirs = vi.fn(ours);
    Object.assign(AdminClient.prototype, { runWorkflows: theirs });
    instrumentor.uninstrument();
    expect(AdminClient.prototype.runWorkflows).toBe(theirs);
    Object.assign(AdminClient.prototype, { runWorkflows: originals[1] });
  });
});

describe('the tracer provider', () => {
  const span = () => track(new HatchetInstrumentor()).instrument();
  const push = () =>
    expect(() => EventClient.prototype.push.call({ config: {} } as EventClient, 'e', 1n)).toThrow('BigInt');

  test('is the global one, even if registered later', () => {
    span();
    const recorder = startRecorder();
    trace.setGlobalTracerProvider(recorder.provider);
    push();
    expect(recorder.named('hatchet.push_event')[0]?.instrumentationScope).toMatchObject({
      name: '@hatchet-ts/sdk-otel',
      version: VERSION,
    });
  });

  test('may be set by registerInstrumentations', () => {
    const recorder = startRecorder();
    registerInstrumentations({
      instrumentations: [track(new HatchetInstrumentor())],
      tracerProvider: recorder.provider,
    });
    push();
    expect(recorder.take()).toHaveLength(1);
  });

  test('of the constructor stays when a global one is registered', () => {
    const mine = startRecorder();
    const other = startRecorder();
    trace.setGlobalTracerProvider(other.provider);
    registerInstrumentations({ instrumentations: [track(new HatchetInstrumentor({ tracerProvider: mine.provider }))] });
    push();
    expect([mine.take().length, other.take().length]).toEqual([1, 0]);
  });

  test('that throws does not affect the user', () => {
    const broken = {
      getTracer: () => ({
        startSpan: () => {
          throw new Error('no spans');
        },
        startActiveSpan: () => {
          throw new Error('no spans');
        },
      }),
    };
    track(new HatchetInstrumentor({ tracerProvider: broken }));
    push();
  });
});

describe('a bundled SDK', () => {
  test('is passed as instances or classes with any names', () => {
    const instrumentor = track(new HatchetInstrumentor());
    class A {
      runWorkflow() {}
      runWorkflows() {}
    }
    class V0 {
      runWorkflow() {}
      runWorkflows() {}
      scheduleWorkflow() {}
    }
    class E {
      push() {}
      bulkPush() {}
    }
    instrumentor.instrument({ admin: new A(), events: new E() }, V0);
    const wrapped = [A.prototype.runWorkflow, E.prototype.bulkPush, V0.prototype.runWorkflow].map((method) =>
      isWrapped(method),
    );
    expect(wrapped).toEqual([true, true, false]);
    class S {
      create() {}
      getScheduledRunId() {}
    }
    class C {
      create() {}
      getCronId() {}
    }
    class D {
      waitFor() {}
      memo() {}
    }
    class L {
      sendEvent() {}
    }
    instrumentor.instrument({ scheduled: new S(), crons: new C() }, D, new L());
    const create = [S.prototype.create, C.prototype.create] as { __original?: unknown }[];
    expect(create.every((method) => isWrapped(method))).toBe(true);
    expect(isWrapped(create[0]?.__original)).toBe(false); // each only by its own patch
    expect([D.prototype.waitFor, D.prototype.memo, L.prototype.sendEvent].every((m) => isWrapped(m))).toBe(true);
    instrumentor.uninstrument();
    expect(isWrapped(A.prototype.runWorkflow)).toBe(false);
    instrumentor.instrument({ nothing: 'here' });
    expect(warn.mock.calls.map(([text]) => String(text))).toContainEqual(
      expect.stringContaining('found no class of the SDK'),
    );
  });
});

describe('in a separate process', () => {
  const patched = `
    const { AdminClient } = await import('@hatchet-dev/typescript-sdk/v1/client/admin.js');
    const { createRequire } = await import('node:module');
    const required = createRequire(process.cwd() + '/x.js')('@hatchet-dev/typescript-sdk/v1/client/admin');
    console.log(!!AdminClient.prototype.runWorkflow.__wrapped, required.AdminClient === AdminClient);
    process.exit(0);`;
  const outputOf = async (code: string): Promise<string> => (await runModule(code)).stdout.trim();

  test('the SDK may be loaded after the instrumentor', async () => {
    const before = `const { HatchetInstrumentor } = await import('./src/index.ts'); new HatchetInstrumentor();
      await import('@hatchet-dev/typescript-sdk');`;
    expect(await outputOf(before + patched)).toBe('true true');
  });

  test('the SDK may be loaded before the instrumentor', async () => {
    const after = `await import('@hatchet-dev/typescript-sdk');
      const { HatchetInstrumentor } = await import('./src/index.ts'); new HatchetInstrumentor();`;
    expect(await outputOf(after + patched)).toBe('true true');
  });

  test.each([
    [
      'index',
      [
        '@hatchet-ts/internal/clean-text', // bundled, like the next four
        '@hatchet-ts/internal/deadline',
        '@hatchet-ts/internal/nearest-name',
        '@hatchet-ts/internal/thenable',
        '@hatchet-ts/internal/thrown-value',
        '@opentelemetry/api',
        '@opentelemetry/instrumentation',
      ],
    ],
    ['propagation', ['@opentelemetry/api']],
    ['sampler', ['@hatchet-ts/ratio-sampler']],
  ])('the entry %s loads only %s', async (entry, allowed) => {
    const code = `
      const { registerHooks } = await import('node:module');
      const seen = new Set();
      registerHooks({ resolve(specifier, context, next) {
        if (context.parentURL?.includes('/sdk-otel/src/') && !/^(node:|\\.)/.test(specifier)) seen.add(specifier);
        return next(specifier, context);
      } });
      await import('./src/${entry}.ts');
      console.log([...seen].sort().join(' '));`;
    expect(await outputOf(code)).toBe(allowed.join(' '));
  });
});

test('VERSION is the version in package.json', () => {
  expect(VERSION).toBe(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);
});

test('the span table names each operation after its span', () => {
  for (const [operation, { name }] of Object.entries(SPANS)) expect(name).toBe(`hatchet.${operation}`);
});

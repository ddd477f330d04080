import type { DurableContext } from '@hatchet-dev/typescript-sdk';
import type { AssignedAction } from '@hatchet-dev/typescript-sdk/protoc/dispatcher/dispatcher.js';
import { context, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, test, vi } from 'vitest';
import { readCarrier } from '../context/carrier.ts';
import { HatchetInstrumentor } from '../instrumentor.ts';
import { ids } from '../testing/recorder.ts';
import { setUpWorker } from '../testing/worker.ts';

const additionalMetadata = '{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}';
const START = 'hatchet.start_step_run';
const WAIT = 'hatchet.durable.wait_for';
const MEMO = 'hatchet.durable.memo';

const worker = await setUpWorker();
const { engine, recorder } = worker;

const dispatch = (invocation = 1, again?: AssignedAction): AssignedAction =>
  engine.dispatch('steps:steps', { ...again, additionalMetadata, durableTaskInvocationCount: invocation });
const waitForCompletion = async (action: AssignedAction) => {
  await engine.reported(action.taskRunExternalId, 2);
  await recorder.ended(START);
};
// `memo` is public only through `now`
const memo = <T>(ctx: DurableContext<object>, compute: () => Promise<T>): Promise<T> =>
  (ctx as unknown as { memo(compute: () => Promise<T>, deps: unknown[]): Promise<T> }).memo(compute, ['key']);
const child = () => engine.client.task({ name: 'pack', fn: () => ({}) });

describe('a durable task', () => {
  test('is one trace, with its waits, memos and spawns below it', async () => {
    worker.durableBody = async (ctx) => {
      await ctx.sleepFor('2s');
      await ctx.now();
      await child().run({});
      await child().run([{}, {}]);
      return {};
    };
    await waitForCompletion(dispatch());
    expect(recorder.picture()).toBe(
      [
        '(missing parent)',
        '└─ hatchet.start_step_run steps · test · CONSUMER · completed',
        '   │  ↗ link to a span that is not here',
        '   ├─ hatchet.durable.memo · test',
        '   ├─ hatchet.durable.wait_for sleep-2s · test · completed',
        '   ├─ hatchet.run_workflow pack · test · PRODUCER',
        '   └─ hatchet.run_workflows pack · test · CLIENT',
        '      ├─ hatchet.run_workflow pack · test · PRODUCER',
        '      └─ hatchet.run_workflow pack · test · PRODUCER',
      ].join('\n'),
    );
  });

  test('has the number of its invocation', async () => {
    await waitForCompletion(dispatch(1));
    expect(recorder.take()[0]?.attributes['hatchet.durable_invocation_count']).toBe(1);
  });
});

describe('a wait', () => {
  test('lasts until it is satisfied and names its conditions', async () => {
    engine.durable.eager = false;
    worker.durableBody = async (ctx) => {
      await ctx.waitForEvent('paid');
      return {};
    };
    const action = dispatch();
    await engine.durable.entries(action.taskRunExternalId, 1);
    expect(recorder.named(WAIT)).toEqual([]);
    engine.durable.satisfy(action.taskRunExternalId);
    const [wait] = await recorder.ended(WAIT);
    expect(wait?.attributes).toEqual({
      instrumentor: 'hatchet',
      'hatchet.step_run_id': action.taskRunExternalId,
      'hatchet.num_conditions': 1,
      'hatchet.signal_key': 'paid',
      'hatchet.outcome': 'completed',
      'messaging.system': 'hatchet',
    });
    expect(wait?.status.code).toBe(SpanStatusCode.UNSET);
    await waitForCompletion(action);
  });

  test('ended by an eviction is evicted like its task; neither is an error', async () => {
    engine.durable.eager = false;
    worker.durableBody = async (ctx) => {
      await ctx.sleepFor('1h');
      return {};
    };
    const action = dispatch();
    await engine.durable.entries(action.taskRunExternalId, 1);
    engine.durable.evict(action.taskRunExternalId, 1);
    const [attempt] = await recorder.ended(START);
    const [wait] = recorder.named(WAIT);
    for (const span of [attempt, wait]) {
      expect(span?.attributes['hatchet.outcome']).toBe('evicted');
      expect(span?.status.code).toBe(SpanStatusCode.UNSET);
      expect(span?.events).toEqual([]);
    }
  });

  test.each([
    ['cancelled', '', SpanStatusCode.UNSET],
    ['timed_out', '{"reason":"timed_out"}', SpanStatusCode.ERROR],
  ])('ended by a cancellation is %s', async (outcome, payload, status) => {
    engine.durable.eager = false;
    worker.durableBody = (ctx) => ctx.sleepFor('1h');
    const action = dispatch();
    await engine.durable.entries(action.taskRunExternalId, 1);
    engine.cancel(action, payload);
    const [wait] = await recorder.ended(WAIT);
    expect(wait?.attributes['hatchet.outcome']).toBe(outcome);
    expect(wait?.status.code).toBe(status);
    await recorder.ended('hatchet.cancel_step_run');
    await recorder.ended(START);
  });

  test('that the engine refuses is an error', async () => {
    engine.durable.refusing = true;
    worker.durableBody = (ctx) => ctx.sleepFor('1h');
    dispatch();
    const [wait] = await recorder.ended(WAIT);
    expect(wait?.attributes).toMatchObject({ 'hatchet.outcome': 'failed', 'error.type': 'NonDeterminismError' });
    await recorder.ended(START);
  });

  test('of a task that has ended makes no span', async () => {
    worker.durableBody = async (ctx) => {
      ctx.abortController.abort();
      await expect(ctx.sleepFor('1h')).rejects.toThrow();
      return {};
    };
    dispatch();
    const [attempt] = await recorder.ended(START);
    expect(attempt?.attributes['hatchet.outcome']).toBe('cancelled');
    expect(recorder.named(WAIT)).toEqual([]);
  });
});

describe('a memo', () => {
  test('has the spans of its computation below it', async () => {
    worker.durableBody = async (ctx) => {
      const value = await memo(ctx, async () => {
        recorder.provider.getTracer('user').startSpan('ask the bank').end();
        return { rate: 3 };
      });
      expect(value).toEqual({ rate: 3 });
      expect(recorder.named(MEMO)).toHaveLength(1);
      return {};
    };
    await waitForCompletion(dispatch());
    const [ended] = recorder.named(MEMO);
    expect(recorder.named('ask the bank')[0]?.parentSpanContext?.spanId).toBe(ended?.spanContext().spanId);
  });

  test('whose computation throws is an error, and the task gets the thrown value', async () => {
    const thrown = new TypeError('no rate');
    worker.durableBody = async (ctx) => {
      await expect(memo(ctx, () => Promise.reject(thrown))).rejects.toBe(thrown);
      return {};
    };
    await waitForCompletion(dispatch());
    expect(recorder.named(MEMO)[0]?.attributes['error.type']).toBe('TypeError');
  });
});

describe('children', () => {
  test("each get a context beside the caller's metadata and end at the acknowledgement", async () => {
    engine.durable.eager = false;
    worker.durableBody = (ctx) =>
      ctx.spawnChildren([
        {
          workflow: 'pack',
          input: { a: 1 },
          options: { additionalMetadata: { team: 'a' }, key: 'first', priority: 2 },
        },
        { workflow: 'label', input: {} },
      ]);
    const action = dispatch();
    const [batch] = await recorder.ended('hatchet.run_workflows'); // the children are not through yet
    const items = recorder.named('hatchet.run_workflow');
    expect(engine.durable.children.map((text) => ids(readCarrier(text)!))).toEqual(
      items.map((item) => ids(item.spanContext())),
    );
    expect(JSON.parse(engine.durable.children[0]!)).toMatchObject({ team: 'a' });
    expect(batch?.attributes).toMatchObject({
      'hatchet.num_workflows': 2,
      'hatchet.unique_workflow_names': ['pack', 'label'],
      'messaging.batch.message_count': 2,
    });
    expect(items[0]?.attributes).toMatchObject({
      'hatchet.parent_id': action.workflowRunId,
      'hatchet.parent_step_run_id': action.taskRunExternalId,
      'hatchet.child_index': 0,
      'hatchet.child_key': 'first',
      'hatchet.priority': 2,
      'messaging.operation.type': 'create',
    });
    expect(items[0]?.attributes['hatchet.child_workflow_run_id']).toBeTypeOf('string');
    engine.durable.satisfy(action.taskRunExternalId);
    await waitForCompletion(action);
  });

  test('with the forwarded metadata of their parent are still below it', async () => {
    worker.durableBody = (ctx) =>
      ctx.spawnChild('pack', {}, { additionalMetadata: ctx.additionalMetadata() as Record<string, string> });
    await waitForCompletion(dispatch());
    const [run] = recorder.named('hatchet.run_workflow');
    expect(engine.durable.children.map((text) => ids(readCarrier(text)!))).toEqual([ids(run!.spanContext())]);
  });

  test('have their payload recorded only with capture', async () => {
    worker.instrumentor.setConfig({ capture: { payload: true, redact: (value) => Object.keys(value as object) } });
    worker.durableBody = (ctx) => ctx.spawnChild('pack', { card: '4111' });
    await waitForCompletion(dispatch());
    expect(recorder.named('hatchet.run_workflow')[0]?.attributes['hatchet.payload']).toBe('["card"]');
  });
});

describe('a replay', () => {
  const names = () => recorder.take().map((span) => span.name);

  test('makes no second span for entries that this worker has seen, and spans for later ones', async () => {
    engine.durable.eager = false;
    worker.durableBody = async (ctx) => {
      await ctx.now();
      await engine.client.admin.runWorkflow(
        'work',
        {},
        { parentTaskRunExternalId: ctx.taskRunExternalId(), childIndex: 7 },
      );
      await engine.client.admin.runWorkflows(
        ['a', 'b'].map((childKey) => ({
          workflowName: 'work',
          input: {},
          options: { parentTaskRunExternalId: ctx.taskRunExternalId(), childKey },
        })),
      );
      await ctx.sleepFor('1h');
      await child().run({});
      return {};
    };
    const action = dispatch(1);
    await engine.durable.entries(action.taskRunExternalId, 2);
    engine.durable.satisfy(action.taskRunExternalId); // the memo and the sleep
    await engine.durable.entries(action.taskRunExternalId, 3);
    engine.durable.evict(action.taskRunExternalId, 1);
    await recorder.ended(START);
    while (engine.reports.filter((report) => report.eventType === 2).length < 3) await new Promise(setImmediate);
    await recorder.ended(START, 4); // the three tasks that it ran too
    expect(
      names()
        .filter((name) => name !== START)
        .sort(),
    ).toEqual([
      'hatchet.durable.memo',
      'hatchet.durable.wait_for',
      'hatchet.run_workflow',
      'hatchet.run_workflow',
      'hatchet.run_workflow',
      'hatchet.run_workflow',
      'hatchet.run_workflows',
    ]);

    worker.durableBody = ((before) => async (ctx: DurableContext<object>) => {
      await before(ctx);
      await ctx.sleepFor('3s');
      return {};
    })(worker.durableBody);
    engine.durable.eager = true;
    engine.durable.satisfy(action.taskRunExternalId);
    const sent = engine.metadata.length;
    dispatch(2, action);
    await engine.reported(action.taskRunExternalId, 2);
    await recorder.ended(START, 4);
    const spans = recorder.take().filter((span) => span.attributes['hatchet.step_run_id'] === action.taskRunExternalId);
    expect(spans.map((span) => [span.name, span.attributes['hatchet.durable_invocation_count']])).toEqual([
      [WAIT, 2],
      [START, 2],
    ]);
    // the engine gets the caller's values again
    expect(engine.metadata.slice(sent)).toEqual([undefined, undefined, undefined]);
  });

  describe('of a task that another worker began', () => {
    const repeat = async (earlier: object = {}) => {
      const compute = vi.fn(async () => ({ rate: 3 }));
      let own = 0;
      worker.durableBody = async (ctx) => {
        await memo(ctx, compute);
        await engine.client.admin.runWorkflow(
          'away',
          {},
          { parentTaskRunExternalId: ctx.taskRunExternalId(), childIndex: 0 },
        );
        await ctx.spawnChild('pack', {});
        await ctx.sleepFor('2s');
        own++;
        if (own > 1) await ctx.sleepFor('3s');
        return {};
      };
      const action = dispatch(1);
      await waitForCompletion(action);
      recorder.take();
      engine.reports.length = 0;
      worker.instrumentor.disable(); // forgets the first invocation, as another worker would not know it
      const fresh = new HatchetInstrumentor({ tracerProvider: recorder.provider });
      engine.dispatch('steps:steps', {
        ...action,
        additionalMetadata: JSON.stringify({ ...JSON.parse(additionalMetadata), ...earlier }),
        durableTaskInvocationCount: 2,
      });
      await waitForCompletion(action);
      fresh.disable();
      worker.instrumentor.enable();
      expect(compute).toHaveBeenCalledOnce();
      return recorder.take().map((span) => [span.name, span.attributes['hatchet.durable_invocation_count']]);
    };

    test('makes no second span for the entries and children of which the engine sends the number', async () => {
      expect(await repeat({ hatchet__durable_entries: 3, hatchet__durable_children: 2 })).toEqual([
        [WAIT, 2],
        [START, 2],
      ]);
    });

    test('makes no second span for a memo that the acknowledgement returns; the others carry the invocation', async () => {
      expect(await repeat()).toEqual([
        ['hatchet.run_workflow', 2],
        ['hatchet.run_workflow', 2],
        [WAIT, 2],
        [WAIT, 2],
        [START, 2],
      ]);
    });
  });

  test('of entries that another worker has seen makes spans with the invocation', async () => {
    worker.durableBody = async (ctx) => {
      await ctx.sleepFor('2s');
      await ctx.spawnChildren([
        { workflow: 'pack', input: {} },
        { workflow: 'pack', input: {} },
      ]);
      return {};
    };
    await waitForCompletion(dispatch(3));
    const counts = recorder.take().map((span) => span.attributes['hatchet.durable_invocation_count']);
    expect(counts).toEqual([3, 3, 3, 3, 3]);
  });

  test('links to the previous invocation', async () => {
    const action = dispatch(1);
    await waitForCompletion(action);
    const [first] = recorder.take();
    dispatch(2, action);
    const [second] = await recorder.ended(START);
    expect(second?.links.map((link) => link.context.spanId)).toContain(first?.spanContext().spanId);
  });
});

test('without a tracer provider a durable task works unchanged, and its children get the received context', async () => {
  worker.instrumentor.setTracerProvider(trace.getTracerProvider());
  let active: string | undefined;
  worker.durableBody = async (ctx) => {
    active = trace.getSpanContext(context.active())?.spanId;
    await ctx.now();
    await ctx.sleepFor('2s');
    await child().run({});
    return {};
  };
  const action = dispatch();
  await engine.reported(action.taskRunExternalId, 2);
  expect(active).toBe('b7ad6b7169203331');
  expect(engine.durable.children).toEqual([additionalMetadata]);
});

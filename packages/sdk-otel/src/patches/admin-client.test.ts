import { context, type SpanContext, SpanKind, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test, vi } from 'vitest';
import { readCarrier } from '../context/carrier.ts';
import { setUpClient } from '../testing/client.ts';
import { ids, startRecorder } from '../testing/recorder.ts';

const { engine, recorder, instrumentor } = await setUpClient({ namespace: 'shop', excludedAttributes: ['child_key'] });

const inSpan = <T>(name: string, work: () => Promise<T>): Promise<T> =>
  recorder.provider.getTracer('user').startActiveSpan(name, async (span) => {
    try {
      return await work();
    } finally {
      span.end();
    }
  });
const sentContexts = (): (SpanContext | undefined)[] => engine.metadata.map(readCarrier);

describe('a run', () => {
  test('is a producer below the active span, and the engine gets its context', async () => {
    const options = { additionalMetadata: { team: 'a' }, childIndex: 0, childKey: 'key', priority: 3 };
    const before = structuredClone(options);
    const ref = await inSpan('request', () => engine.client.admin.runWorkflow('Order', { a: 1 }, options));
    expect(recorder.picture()).toBe(
      ['request · test', '└─ hatchet.run_workflow shop_order · test · PRODUCER'].join('\n'),
    );
    const [span] = recorder.named('hatchet.run_workflow');
    expect(span?.attributes).toEqual({
      instrumentor: 'hatchet',
      'hatchet.workflow_name': 'shop_order',
      'hatchet.namespace': 'shop_',
      'hatchet.child_index': 0,
      'hatchet.priority': 3,
      'hatchet.child_workflow_run_id': await ref.runId,
      'messaging.system': 'hatchet',
      'messaging.operation.name': 'run',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'shop_order',
      'messaging.message.id': await ref.runId,
    });
    expect(engine.metadata).toEqual([{ team: 'a', traceparent: `00-${ids(span!.spanContext())}-01` }]);
    expect(options).toEqual(before);
  });

  test('that fails is an error with the rejection of the SDK', async () => {
    engine.failing.add('trigger');
    await expect(engine.client.admin.runWorkflow('order', {})).rejects.toThrow('no trigger today');
    const [span] = recorder.take();
    expect(span?.status.message).toContain('no trigger today');
    expect(span?.attributes['error.type']).toBe('HatchetError');
    expect(span?.events).toHaveLength(1);
  });

  test('with input that cannot be serialized fails as without an instrumentor', async () => {
    await expect(engine.client.admin.runWorkflow('order', { n: 1n })).rejects.toThrow('BigInt');
    expect(recorder.take()[0]?.attributes['error.type']).toBe('HatchetError');
  });

  test('keeps a traceparent of the caller', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await engine.client.admin.runWorkflow('order', {}, { additionalMetadata: { traceparent } });
    expect(engine.metadata).toEqual([{ traceparent }]);
  });

  test('whose options throw when read is made untraced', async () => {
    const options = {
      get additionalMetadata(): Record<string, string> {
        throw new Error('mine');
      },
    };
    await expect(engine.client.admin.runWorkflow('order', {}, options)).rejects.toThrow('mine');
  });
});

describe('a bulk run', () => {
  const run = (workflowName: string) => ({
    workflowName,
    input: {},
    options: { additionalMetadata: { of: workflowName } },
  });

  test('is a client call with a producer and a context for each run', async () => {
    const runs = [run('pack'), run('pack'), run('label')];
    const before = structuredClone(runs);
    const refs = await engine.client.admin.runWorkflows(runs);
    expect(recorder.picture()).toBe(
      [
        'hatchet.run_workflows shop_pack, shop_label · test · CLIENT',
        '├─ hatchet.run_workflow shop_label · test · PRODUCER',
        '├─ hatchet.run_workflow shop_pack · test · PRODUCER',
        '└─ hatchet.run_workflow shop_pack · test · PRODUCER',
      ].join('\n'),
    );
    const [batch] = recorder.named('hatchet.run_workflows');
    const items = recorder.named('hatchet.run_workflow');
    expect(batch?.attributes).toMatchObject({
      'hatchet.num_workflows': 3,
      'hatchet.unique_workflow_names': ['shop_pack', 'shop_label'],
      'messaging.operation.type': 'send',
      'messaging.batch.message_count': 3,
    });
    expect(items.map((item) => item.attributes['messaging.operation.type'])).toEqual(['create', 'create', 'create']);
    expect(items.map((item) => item.attributes['hatchet.child_workflow_run_id'])).toEqual(
      await Promise.all(refs.map((ref) => ref.runId)),
    );
    expect(sentContexts().map((sent) => ids(sent!))).toEqual(items.map((item) => ids(item.spanContext())));
    expect(engine.metadata.map((metadata) => metadata?.of)).toEqual(['pack', 'pack', 'label']);
    expect(runs).toEqual(before);
  });

  test('makes at most maxItemSpans item spans and sets num_item_spans; other items get the context of the call', async () => {
    instrumentor.setConfig({ maxItemSpans: 2 });
    await engine.client.admin.runWorkflows([run('a'), run('b'), run('c'), run('d')]);
    const [batch] = recorder.named('hatchet.run_workflows');
    expect(recorder.named('hatchet.run_workflow')).toHaveLength(2);
    expect(batch?.attributes['hatchet.num_item_spans']).toBe(2);
    expect(sentContexts().filter((sent) => sent?.spanId === batch?.spanContext().spanId)).toHaveLength(2);
  });

  test('without item spans is itself the producer', async () => {
    instrumentor.setConfig({ maxItemSpans: 0 });
    await engine.client.admin.runWorkflows([run('a'), run('b')]);
    const [batch, ...more] = recorder.take();
    expect(more).toEqual([]);
    expect(batch?.kind).toBe(SpanKind.PRODUCER);
    expect(sentContexts().map((sent) => sent?.spanId)).toEqual(Array(2).fill(batch?.spanContext().spanId));
  });

  test('that fails marks each run as failed; the exception is recorded once', async () => {
    engine.failing.add('trigger');
    await expect(engine.client.admin.runWorkflows([run('a'), run('b')])).rejects.toThrow('no trigger today');
    const spans = recorder.take();
    expect(spans.map((span) => span.attributes['error.type'])).toEqual(Array(3).fill('HatchetError'));
    expect(spans.flatMap((span) => span.events)).toHaveLength(1);
  });

  test('of an empty list has no item spans', async () => {
    expect(await engine.client.admin.runWorkflows([])).toEqual([]);
    expect(recorder.picture()).toBe('hatchet.run_workflows · test · PRODUCER');
  });
});

describe('a trace that is not recorded', () => {
  const received = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const off = () => instrumentor.setTracerProvider(startRecorder(new AlwaysOffSampler()).provider);

  test('sends the received context', async () => {
    off();
    const above = trace.setSpanContext(context.active(), readCarrier({ traceparent: received })!);
    await context.with(above, () => engine.client.admin.runWorkflow('order', {}));
    await context.with(above, () => engine.client.admin.runWorkflows([{ workflowName: 'order', input: {} }]));
    expect(engine.metadata).toEqual([{ traceparent: received }, { traceparent: received }]);
  });

  test('and starts here is sent with its flag clear, or not at all', async () => {
    off();
    await engine.client.admin.runWorkflow('order', {});
    expect(sentContexts()[0]?.traceFlags).toBe(0);
    instrumentor.setConfig({ propagateUnsampled: false });
    await engine.client.admin.runWorkflow('order', {});
    expect(engine.metadata[1]).toBeUndefined();
  });

  test('never reads the payload; a recorded one reads it only with capture', async () => {
    const counting = () => {
      const toJSON = vi.fn(() => ({ card: '4111' }));
      return { toJSON };
    };
    const [recorded, captured, dropped] = [counting(), counting(), counting()];
    await engine.client.admin.runWorkflow('order', recorded);
    instrumentor.setConfig({ capture: { payload: true } });
    await engine.client.admin.runWorkflow('order', captured);
    off();
    await engine.client.admin.runWorkflow('order', dropped);
    // the SDK itself reads it once
    expect([recorded, captured, dropped].map(({ toJSON }) => toJSON.mock.calls.length)).toEqual([1, 2, 1]);
    expect(recorder.take().map((span) => span.attributes['hatchet.payload'])).toEqual([undefined, '{"card":"4111"}']);
  });
});

test('an attribute excluded by the client or the instrumentor is on no span', async () => {
  instrumentor.setConfig({ excludedAttributes: ['hatchet.workflow_name'] });
  await engine.client.admin.runWorkflow('order', {}, { childKey: 'key' });
  const attributes = JSON.stringify(recorder.take()[0]?.attributes);
  expect(attributes).not.toContain('order');
  expect(attributes).not.toContain('key"');
});

test('baggage is sent only if configured', async () => {
  const { propagation } = await import('@opentelemetry/api');
  const above = propagation.setBaggage(context.active(), propagation.createBaggage({ tenant: { value: 'a b' } }));
  await context.with(above, () => engine.client.admin.runWorkflow('order', {}));
  instrumentor.setConfig({ propagateBaggage: true });
  await context.with(above, () => engine.client.admin.runWorkflow('order', {}));
  expect(engine.metadata.map((metadata) => metadata?.baggage)).toEqual([undefined, 'tenant=a%20b']);
});

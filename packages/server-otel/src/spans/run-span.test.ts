import { runInNewContext } from 'node:vm';
import { context, type SpanContext, SpanStatusCode, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CALLER, DROPPED, KEPT, type Recording, startRecording } from '../testing/recording.ts';
import { runSpan, setRunAttributes } from './run-span.ts';
import { untraced, withTenant } from './tenant.ts';

let recording: Recording;
beforeEach(() => {
  recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0.5' });
});
afterEach(() => recording.telemetry.shutdown());

const remote = (traceId: string, traceFlags = 1): SpanContext => ({
  traceId,
  spanId: CALLER,
  traceFlags,
  isRemote: true,
});

/** A query that runs with each call of `then`, like those of drizzle, knex, Prisma and mongoose. */
class LazyQuery implements PromiseLike<unknown> {
  readonly #run: () => unknown;

  constructor(run: () => unknown) {
    this.#run = run;
  }

  // biome-ignore lint/suspicious/noThenProperty: this is what makes it lazy
  then: PromiseLike<unknown>['then'] = (resolve, reject) => (async () => this.#run())().then(resolve, reject);
}

describe('runSpan', () => {
  it('passes on the result of the function, synchronous or asynchronous', async () => {
    expect(runSpan('queue', {}, () => 1)).toBe(1);
    await expect(runSpan('queue', {}, async () => 2)).resolves.toBe(2);
  });

  it('ends with the function, or when its promise settles', async () => {
    const later = Promise.withResolvers<void>();
    const running = runSpan('queue', { parent: remote(KEPT) }, () => later.promise);
    expect(await recording.tree()).toBe('');
    later.resolve();
    await running;
    expect(await recording.tree()).toBe(`hatchet.run/queue INTERNAL ← ${CALLER}`);
  });

  it.each([
    [
      'thrown',
      () => {
        throw new RangeError('too far');
      },
    ],
    ['rejected', () => Promise.reject(new RangeError('too far'))],
  ])('records an error that is %s and hands it on unchanged', async (_how, fail: () => unknown) => {
    await expect(async () => runSpan('queue', { parent: remote(KEPT) }, fail)).rejects.toThrow(
      new RangeError('too far'),
    );
    const [span] = await recording.spans();
    expect(span?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'too far' });
    expect(span?.attributes['error.type']).toBe('RangeError');
    expect(span?.events[0]?.name).toBe('exception');
  });

  it.each<[string, () => PromiseLike<unknown>, string]>([
    ['a promise of another realm', () => runInNewContext('Promise.resolve(1)') as Promise<number>, ''],
    ['a promise of another realm', () => runInNewContext('Promise.reject(new RangeError("x"))'), ' ERROR'],
    ['a lazy query', () => new LazyQuery(() => 'rows'), ''],
    ['a lazy query', () => new LazyQuery(() => Promise.reject(new RangeError('x'))), ' ERROR'],
  ])('ends with the result of %s', async (_kind, start, status) => {
    const running = runSpan('queue', { parent: remote(KEPT) }, start);
    expect(await recording.tree()).toBe('');
    if (status === '') await running;
    else await expect(running).rejects.toMatchObject({ name: 'RangeError' });
    expect(await recording.tree()).toBe(`hatchet.run/queue INTERNAL${status} ← ${CALLER}`);
    if (status !== '') expect((await recording.spans())[0]?.attributes['error.type']).toBe('RangeError');
  });

  it('runs a lazy query once, below the span', async () => {
    let runs = 0;
    const query = new LazyQuery(() => runSpan('try-assign', {}, async () => ++runs));
    expect(await runSpan('queue', { parent: remote(KEPT) }, () => query)).toBe(1);
    expect(runs).toBe(1);
    expect(await recording.tree()).toBe(`hatchet.run/queue INTERNAL ← ${CALLER}\n  hatchet.run/try-assign INTERNAL`);
  });

  it('prefixes attributes, keeps zero and leaves out empty values', async () => {
    const attributes = {
      'tenant.id': 't',
      'batch.item_count': 0,
      'worker.id': '',
      'event.id': null,
      'queue.name': undefined,
    };
    await runSpan('queue', { parent: remote(KEPT), attributes }, async (span) => {
      setRunAttributes(span, { 'result.succeeded': 2 });
    });
    expect((await recording.spans())[0]?.attributes).toEqual({
      'hatchet.run/tenant.id': 't',
      'hatchet.run/batch.item_count': 0,
      'hatchet.run/result.succeeded': 2,
    });
  });

  it('has the current span as its parent, or the given one, or none for a root', async () => {
    runSpan('queue', { parent: remote(KEPT) }, () => {
      runSpan('try-assign', {}, () => {});
      runSpan('send-to-worker', { parent: remote('1'.repeat(32)) }, () => {});
    });
    expect(await recording.tree()).toBe(
      [
        `hatchet.run/send-to-worker INTERNAL ← ${CALLER}`,
        `hatchet.run/queue INTERNAL ← ${CALLER}`,
        '  hatchet.run/try-assign INTERNAL',
      ].join('\n'),
    );
    context.with(trace.setSpanContext(context.active(), remote(KEPT)), () =>
      runSpan('queue', { root: true }, (span) => expect(span.spanContext().traceId).not.toBe(KEPT)),
    );
  });

  it('marks a link to the parent, so that Jaeger shows a child', async () => {
    runSpan('queue', { parent: remote(KEPT), links: [remote(KEPT), remote('1'.repeat(32))] }, () => {});
    const [span] = await recording.spans();
    expect(span?.links.map(({ attributes }) => attributes)).toEqual([
      { 'opentracing.ref_type': 'child_of' },
      undefined,
    ]);
  });

  it('links at most 128 runs', async () => {
    const links = Array.from({ length: 130 }, () => remote('1'.repeat(32)));
    runSpan('queue', { parent: remote(KEPT), links }, () => {});
    const [span] = await recording.spans();
    expect(span?.links).toHaveLength(128);
    expect(span?.links[0]?.context).toEqual(remote('1'.repeat(32)));
  });

  it.each([0, 1, 3])('leaves the received context of a dropped trace active, flags %d unchanged', (flags) => {
    const received = remote(DROPPED, flags);
    runSpan('send-to-worker', { parent: received }, () => {
      expect(trace.getSpanContext(context.active())).toBe(received);
      runSpan('try-assign', {}, () => expect(trace.getSpanContext(context.active())).toBe(received));
    });
  });

  it('makes its own context active, with a clear flag, if it drops a trace at its root', async () => {
    await recording.telemetry.shutdown();
    recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0' });
    runSpan('queue', {}, (root) => {
      const active = () => trace.getSpanContext(context.active());
      expect(active()).toEqual(root.spanContext());
      expect(active()?.traceFlags).toBe(0);
      runSpan('try-assign', {}, () => expect(active()).toEqual(root.spanContext()));
    });
    expect(await recording.tree()).toBe('');
  });
});

describe('withTenant', () => {
  it('marks every span below, of any instrumentation, and keeps a tenant that is set', async () => {
    const foreign = recording.telemetry.tracerProvider.getTracer('someone else');
    withTenant('tenant-1', () =>
      runSpan('queue', { parent: remote(KEPT) }, () => {
        foreign.startSpan('foreign').end();
        foreign.startSpan('own', { attributes: { 'hatchet.run/tenant.id': 'tenant-2' } }).end();
      }),
    );
    const spans = await recording.spans();
    expect(spans.map((span) => [span.name, span.attributes['hatchet.run/tenant.id']])).toEqual([
      ['foreign', 'tenant-1'],
      ['own', 'tenant-2'],
      ['hatchet.run/queue', 'tenant-1'],
    ]);
  });
});

describe('untraced', () => {
  it('prevents all spans below', async () => {
    untraced(() => runSpan('queue', { parent: remote(KEPT) }, () => {}));
    expect(await recording.tree()).toBe('');
  });
});

import { NonRetryableError } from '@hatchet-dev/typescript-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type EngineFixture, engineFixture } from './testing/engine.ts';

let engine: EngineFixture;
beforeAll(async () => {
  engine = await engineFixture();
});
afterAll(() => engine.stop());

describe('a task', () => {
  test('runs on a worker, and its result reaches the caller', async () => {
    const client = await engine.client();
    const greet = client.task({ name: 'Greet', fn: async ({ name }: { name: string }) => ({ text: `hello ${name}` }) });
    await engine.work(client, [greet]);

    expect(await greet.run({ name: 'Ada' })).toEqual({ text: 'hello Ada' });
  });

  test('receives input, metadata and the ids of its run', async () => {
    const client = await engine.client();
    const look = client.task({
      name: 'look',
      fn: async (input: { n?: number }, ctx) => ({
        input,
        metadata: ctx.additionalMetadata(),
        runId: ctx.workflowRunId(),
        taskName: ctx.taskName(),
        retry: ctx.retryCount(),
      }),
    });
    await engine.work(client, [look]);

    const ref = await look.runNoWait({ n: 1 }, { additionalMetadata: { who: 'test' } });
    expect(await ref.output).toEqual({
      input: { n: 1 },
      metadata: { who: 'test' },
      runId: await ref.getWorkflowRunId(),
      taskName: 'look',
      retry: 0,
    });
  });

  test('runs many times at once, with results in the order of the inputs', async () => {
    const client = await engine.client();
    const double = client.task({ name: 'double', fn: async ({ x }: { x: number }) => ({ twice: x * 2 }) });
    await engine.work(client, [double]);

    const inputs = Array.from({ length: 120 }, (_, x) => ({ x }));
    expect(await double.run(inputs)).toEqual(inputs.map(({ x }) => ({ twice: x * 2 })));
  });

  test('never occupies more than the slots of its worker', async () => {
    const client = await engine.client();
    let active = 0;
    let most = 0;
    const busy = client.task({
      name: 'busy',
      fn: async () => {
        most = Math.max(most, ++active);
        await new Promise((resolve) => setTimeout(resolve, 20));
        active--;
        return {};
      },
    });
    await engine.work(client, [busy], { slots: 3 });

    await busy.run(Array.from({ length: 12 }, () => ({})));
    expect(most).toBe(3);
  });

  test('waits for a worker that connects later', async () => {
    const client = await engine.client();
    const late = client.task({ name: 'late', fn: async () => ({ done: true }) });
    const first = await engine.work(client, [late]);
    await first.stop();

    const ref = await late.runNoWait({});
    await engine.work(client, [late]);
    expect(await ref.output).toEqual({ done: true });
  });
});

describe('a failing task', () => {
  test('fails its run with the message of its error', async () => {
    const client = await engine.client();
    const fail = client.task({
      name: 'fail',
      fn: async () => {
        throw new Error('out of paper');
      },
    });
    await engine.work(client, [fail]);

    const errors: string[] = await fail.run({}).then(
      () => [],
      (caught) => caught,
    );
    expect(errors.map((error) => JSON.parse(error))).toEqual([expect.objectContaining({ message: 'out of paper' })]);
  });

  test('is retried up to its limit, each time with the next retry count', async () => {
    const client = await engine.client();
    const attempts: number[] = [];
    const flaky = client.task({
      name: 'flaky',
      retries: 3,
      fn: async (_, ctx) => {
        attempts.push(ctx.retryCount());
        if (ctx.retryCount() < 2) throw new Error('not yet');
        return { attempt: ctx.retryCount() };
      },
    });
    await engine.work(client, [flaky]);

    expect(await flaky.run({})).toEqual({ attempt: 2 });
    expect(attempts).toEqual([0, 1, 2]);
  });

  test('backs off between attempts, longer each time, up to a limit', async () => {
    const client = await engine.client();
    const times: number[] = [];
    const patient = client.task({
      name: 'patient',
      retries: 2,
      backoff: { factor: 0.3, maxSeconds: 10 },
      fn: async () => {
        times.push(performance.now());
        if (times.length < 3) throw new Error('again');
        return {};
      },
    });
    await engine.work(client, [patient]);

    await patient.run({});
    // 0.3^1 and 0.3^2 seconds
    expect(times[1]! - times[0]!).toBeGreaterThan(290);
    expect(times[2]! - times[1]!).toBeGreaterThan(85);
  });

  test('is not retried after a non-retryable error', async () => {
    const client = await engine.client();
    let attempts = 0;
    const hopeless = client.task({
      name: 'hopeless',
      retries: 5,
      fn: async () => {
        attempts++;
        throw new NonRetryableError('never');
      },
    });
    await engine.work(client, [hopeless]);

    await expect(hopeless.run({})).rejects.toEqual([expect.stringContaining('never')]);
    expect(attempts).toBe(1);
  });

  test('that exceeds its timeout is stopped, and fails with the timeout error', async () => {
    const client = await engine.client();
    const stopped = Promise.withResolvers<void>();
    const slow = client.task({
      name: 'slow',
      executionTimeout: '1s',
      fn: async (_, { abortController }) => {
        abortController.signal.addEventListener('abort', () => stopped.resolve());
        await stopped.promise;
        return {};
      },
    });
    await engine.work(client, [slow]);

    await expect(slow.run({})).rejects.toEqual(['Task exceeded timeout of 1s']);
    await stopped.promise;
  });

  test('that no worker takes within its schedule timeout is cancelled', async () => {
    const client = await engine.client();
    const lonely = client.task({ name: 'lonely', scheduleTimeout: '1s', fn: async () => ({}) });
    await (await engine.work(client, [lonely])).stop();

    await expect(lonely.run({})).rejects.toEqual(['no worker took it within its schedule timeout of 1s']);
  });
});

describe('a running task', () => {
  test('can extend its timeout', async () => {
    const client = await engine.client();
    const long = client.task({
      name: 'long',
      executionTimeout: '1s',
      fn: async (_, ctx) => {
        await ctx.refreshTimeout('20s');
        await new Promise((resolve) => setTimeout(resolve, 1_400));
        return { done: true };
      },
    });
    await engine.work(client, [long]);

    expect(await long.run({})).toEqual({ done: true });
  });

  test('continues without its slot once it has released that to another task', async () => {
    const client = await engine.client();
    const second = Promise.withResolvers<void>();
    const generous = client.task({
      name: 'generous',
      fn: async ({ first }: { first: boolean }, ctx) => {
        if (!first) return second.resolve();
        await ctx.releaseSlot();
        await second.promise;
      },
    });
    await engine.work(client, [generous], { slots: 1 });

    await generous.run([{ first: true }, { first: false }]);
  });
});

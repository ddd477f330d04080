// Work of every application of the matrix: one trace with a run, a child, a bulk, an event, a log line, and a task that
// fails once.

/** @param {typeof import('@hatchet-dev/typescript-sdk')} sdk @param {(client: object, worker: object) => void} started */
export async function scenario(sdk, api, { started = () => {}, handleKill = false } = {}) {
  const lines = [];
  const logger = () => {
    const add = (message, ...rest) => void lines.push({ message, ...rest.at(-1) });
    return { debug: add, info: add, green: add, warn: add, error: add, util: () => {} };
  };
  const hatchet = sdk.HatchetClient.init({ logger, log_level: 'INFO' });
  const prefix = process.env.MATRIX_CELL;
  const greet = hatchet.task({ name: `${prefix}-greet`, fn: async () => ({ hello: 'there' }) });
  const flaky = hatchet.task({
    name: `${prefix}-flaky`,
    retries: 1,
    fn: async (_input, ctx) => {
      if (ctx.retryCount() === 0) throw new Error('not yet');
      return { ok: 'yes' };
    },
  });
  const cancelled = hatchet.task({
    name: `${prefix}-cancelled`,
    fn: async (_input, ctx) => {
      await ctx.cancel();
      await new Promise((_resolve, reject) => {
        const stop = () => reject(ctx.abortController.signal.reason ?? new Error('stopped'));
        if (ctx.abortController.signal.aborted) stop();
        else ctx.abortController.signal.addEventListener('abort', stop);
      });
    },
  });
  const order = hatchet.task({
    name: `${prefix}-order`,
    fn: async (_input, ctx) => {
      await ctx.logger.info('taken');
      await ctx.runChild(greet, {});
      await hatchet.events.push(`${prefix}-paid`, {});
      return { order: 'done' };
    },
  });
  const worker = await hatchet.worker(`${prefix}-worker`, { workflows: [greet, flaky, cancelled, order], handleKill });
  started(hatchet, worker);
  void worker.start();
  await worker.waitUntilReady?.();

  const tracer = api.trace.getTracer('application');
  const traceId = await tracer.startActiveSpan('checkout', async (span) => {
    await order.run({});
    await greet.run([{}, {}]);
    await flaky.run({});
    await cancelled.run({}).catch(() => {});
    span.end();
    return span.spanContext().traceId;
  });
  if (!handleKill) await worker.stop();
  const taken = lines.find((line) => line.message === 'taken');
  return { traceId, logged: taken?.trace_id === traceId && /^[0-9a-f]{16}$/.test(taken?.span_id) };
}

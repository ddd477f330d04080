import { context, trace } from '@opentelemetry/api';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { setUpWorker } from '../testing/worker.ts';
import { logFields } from './log-fields.ts';

const worker = await setUpWorker();

describe('a line of ctx.logger', () => {
  test("has the ids of the active span beside the caller's fields", async () => {
    worker.body = async (ctx) => {
      await ctx.logger.info('taken', { item: 7 });
      await ctx.logger.error('odd', { extra: { trace_id: 'mine' } });
      return {};
    };
    worker.engine.dispatch('work:work');
    const [span] = await worker.recorder.ended('hatchet.start_step_run');
    const { traceId, spanId } = span!.spanContext();
    expect(worker.engine.logs).toEqual([
      { message: 'taken', metadata: { trace_id: traceId, span_id: spanId, trace_flags: '01', item: 7 } },
      { message: 'odd', metadata: { trace_id: 'mine', span_id: spanId, trace_flags: '01' } },
    ]);
  });

  test('is unchanged when the instrumentor is disabled', async () => {
    worker.instrumentor.disable();
    worker.body = (ctx) => ctx.logger.info('taken');
    const { taskRunExternalId } = worker.engine.dispatch('work:work');
    await worker.engine.reported(taskRunExternalId, 2);
    worker.instrumentor.enable();
    expect(worker.engine.logs).toEqual([{ message: 'taken', metadata: undefined }]);
  });
});

test('logFields is a mixin for pino', () => {
  const lines: string[] = [];
  const logger = pino({ mixin: logFields, base: null, timestamp: false }, { write: (line) => void lines.push(line) });
  const span = worker.recorder.provider.getTracer('app').startSpan('request');
  context.with(trace.setSpan(context.active(), span), () => logger.info('inside'));
  logger.info('outside');
  const { traceId, spanId } = span.spanContext();
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { level: 30, trace_id: traceId, span_id: spanId, trace_flags: '01', msg: 'inside' },
    { level: 30, msg: 'outside' },
  ]);
});

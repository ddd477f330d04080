import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { carriedContext, runSpan, startServerTelemetry, traceLogFields, withTenant } from './index.ts';
import { CALLER, DROPPED, KEPT, type Recording, SILENT, startRecording } from './testing/recording.ts';

let recording: Pick<Recording, 'telemetry'> | undefined;
afterEach(() => recording?.telemetry.shutdown());

/** The lines that a pino logger with the mixin writes while `work` runs. */
async function linesOf(work: (log: (message: string) => void) => unknown): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const logger = pino(
    { mixin: traceLogFields, base: null, timestamp: false },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  await work((message) => logger.info({ field: 1 }, message));
  return lines;
}

const parent = (traceId: string) => carriedContext({ traceparent: `00-${traceId}-${CALLER}-01` });

it('a log line below a span has its ids and the tenant', async () => {
  const running = startRecording();
  recording = running;
  const lines = await linesOf((log) =>
    withTenant('tenant-1', () => runSpan('queue', { parent: parent(KEPT) }, async () => log('inside'))),
  );
  const [span] = await running.spans();
  expect(lines).toEqual([
    {
      level: 30,
      trace_id: KEPT,
      span_id: span?.spanContext().spanId,
      trace_flags: '01',
      tenant_id: 'tenant-1',
      field: 1,
      msg: 'inside',
    },
  ]);
});

it('a log line in a dropped trace, or with tracing off, has the ids of the caller', async () => {
  const ids = { trace_id: DROPPED, span_id: CALLER, trace_flags: '01' };
  for (const start of [
    () => startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0.5' }),
    () => ({ telemetry: startServerTelemetry({ env: {}, logger: SILENT }) }),
  ]) {
    recording = start();
    const lines = await linesOf((log) => runSpan('queue', { parent: parent(DROPPED) }, () => log('inside')));
    expect(lines).toEqual([{ level: 30, ...ids, field: 1, msg: 'inside' }]);
    await recording.telemetry.shutdown();
  }
});

it('a log line outside of a trace is unchanged', async () => {
  recording = startRecording();
  expect(await linesOf((log) => log('outside'))).toEqual([{ level: 30, field: 1, msg: 'outside' }]);
});

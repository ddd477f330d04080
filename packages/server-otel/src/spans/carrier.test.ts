import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { activeCarrier, carriedContext, runSpan, untraced } from '../index.ts';
import { CALLER, DROPPED, KEPT, type Recording, startRecording } from '../testing/recording.ts';

let recording: Recording;
beforeEach(() => {
  recording = startRecording({ SERVER_OTEL_TRACE_ID_RATIO: '0.5' });
});
afterEach(() => recording.telemetry.shutdown());

const received = (traceId: string, flags = '01') => ({ traceparent: `00-${traceId}-${CALLER}-${flags}` });

describe('queued work', () => {
  it('continues the trace of its producer', async () => {
    const queued = runSpan('ingest-event', { parent: carriedContext(received(KEPT)) }, () =>
      JSON.stringify({ otel_carrier: activeCarrier() }),
    );
    const message = JSON.parse(queued) as { otel_carrier: unknown };
    runSpan('queue', { parent: carriedContext(message.otel_carrier) }, () => {});
    expect(await recording.tree()).toBe(`hatchet.run/ingest-event INTERNAL ← ${CALLER}\n  hatchet.run/queue INTERNAL`);
  });

  it('in bulk is one span with a link to each item that carries a context', async () => {
    await recording.telemetry.shutdown();
    recording = startRecording(); // a root of its own is kept or dropped as its id has it: here every one is kept
    const carriers = [1, 2, 3].map((n) => (n === 2 ? {} : received(String(n).repeat(32))));
    runSpan('queue', { root: true, links: carriers.map(carriedContext) }, () => {});
    const spans = await recording.spans();
    const links = spans[0]?.links.map(({ context: linked }) => linked.traceId);
    expect(links).toEqual(['1'.repeat(32), '3'.repeat(32)]);
  });

  it('carries the received context, with flags and state, if this service drops the trace', () => {
    const carrier = { ...received(DROPPED, '03'), tracestate: 'vendor=1' };
    const handedOn = runSpan('queue', { parent: carriedContext(carrier) }, () => activeCarrier());
    expect(handedOn).toEqual(carrier);
  });

  it('carries nothing if no context is active or the work is untraced', () => {
    expect(activeCarrier()).toEqual({});
    expect(runSpan('queue', { parent: carriedContext(received(KEPT)) }, () => untraced(activeCarrier))).toEqual({});
  });

  it.each([
    undefined,
    null,
    1,
    'no JSON',
    '[]',
    {},
    { traceparent: 'x' },
    { traceparent: 5 },
    received('0'.repeat(32)),
  ])('with the carrier %j begins a trace of its own', (carrier) => {
    expect(carriedContext(carrier)).toBeUndefined();
  });

  it('accepts its carrier as text', () => {
    expect(carriedContext(JSON.stringify(received(KEPT)))).toMatchObject({
      traceId: KEPT,
      spanId: CALLER,
      isRemote: true,
    });
  });
});

import { mkdtempSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, status } from '@grpc/grpc-js';
import type { Answer, OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { authorizationFromFile } from '../collector/authorization.ts';
import { sizesOf, startDelivery } from '../testing/delivery-fixture.ts';
import { SILENT } from '../testing/recording.ts';

describe('a batch that fails', () => {
  it.each(['CANCELLED', 'DEADLINE_EXCEEDED', 'ABORTED', 'OUT_OF_RANGE', 'UNAVAILABLE', 'DATA_LOSS'] as const)(
    'with %s is sent again until it is accepted',
    async (code) => {
      const running = await startDelivery();
      running.collector.answer(({ number }) => (number < 4 ? { status: status[code] } : 'accept'));
      running.spans(3);
      await running.delivery.forceFlush();
      expect(sizesOf(running.collector)).toEqual([3, 3, 3, 3]);
      expect(running.collector.acceptedSpans.length).toBe(3);
      expect(running.counts()).toMatchObject({ exported: 3, queued: 0, dropped: 0 });
      expect(running.counts().lastError).toContain(`${status[code]} ${code}: refused by the test`);
      expect(running.messages()).toEqual([
        ['warn', 'collector is unavailable; queueing spans and retrying'],
        ['info', 'collector is available again'],
      ]);
    },
  );

  it.each([
    'INVALID_ARGUMENT',
    'PERMISSION_DENIED',
    'UNAUTHENTICATED',
    'UNIMPLEMENTED',
    'INTERNAL',
    'RESOURCE_EXHAUSTED',
  ] as const)('with %s is dropped, and the next one is sent', async (code) => {
    const running = await startDelivery();
    running.collector.answer(({ number }) => (number === 1 ? { status: status[code] } : 'accept'));
    running.spans(3);
    await running.delivery.forceFlush();
    running.spans(2);
    await running.delivery.forceFlush();
    expect(sizesOf(running.collector)).toEqual([3, 2]);
    expect(running.counts()).toMatchObject({ exported: 2, dropped: 3, droppedBy: { refused: 3 } });
    expect(running.messages()).toEqual([
      ['warn', 'collector refuses spans; dropping them'],
      ['info', 'collector accepts all spans again'],
    ]);
  });

  it.each([status.RESOURCE_EXHAUSTED, status.UNAVAILABLE])(
    'is sent again when the collector allows it (status %i with RetryInfo) and not before, even if it is flushed',
    async (code) => {
      const { counts, collector, delivery, spans } = await startDelivery();
      const at: number[] = [];
      collector.answer(({ number }) => {
        at.push(performance.now());
        return number === 1 ? { status: code, retryDelayMs: 300 } : 'accept';
      });
      spans(1);
      const flushed = delivery.forceFlush();
      await vi.waitFor(() => expect(counts().lastError).toContain('refused by the test'));
      await Promise.all([flushed, delivery.forceFlush()]);
      expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(299);
      expect(counts()).toMatchObject({ exported: 1, dropped: 0 });
    },
  );

  it('is given up after the time limit, and the next one has a limit of its own', async () => {
    const { counts, collector, delivery, spans } = await startDelivery({ limits: { retryMillis: 100, batchSpans: 3 } });
    const seen: number[] = [];
    collector.answer(() => {
      seen.push(counts().droppedBy.expired);
      return counts().droppedBy.expired === 3 ? 'accept' : { status: status.UNAVAILABLE };
    });
    spans(5);
    await delivery.forceFlush();
    expect(seen.filter((expired) => expired === 0).length).toBeGreaterThan(1);
    expect(counts()).toMatchObject({ exported: 2, dropped: 3, droppedBy: { expired: 3 } });
  });

  it('with a call that is never answered is sent again over a new connection', async () => {
    const { counts, collector, delivery, spans } = await startDelivery({ limits: { callMillis: 50 } });
    collector.answer(({ number }) => (number === 1 ? 'hang' : 'accept'));
    spans(1);
    await delivery.forceFlush();
    expect(sizesOf(collector)).toEqual([1, 1]);
    expect(new Set(collector.calls.map(({ peer }) => peer)).size).toBe(2);
    expect(counts()).toMatchObject({ exported: 1, dropped: 0 });
    expect(counts().lastError).toContain('DEADLINE_EXCEEDED');
  });

  it('because the connection broke during the call is sent again', async () => {
    const { counts, collector, delivery, spans } = await startDelivery();
    collector.answer('hang');
    spans(4);
    const flushed = delivery.forceFlush();
    await vi.waitFor(() => expect(sizesOf(collector)).toEqual([4]));
    collector.stop();
    await vi.waitFor(() => expect(counts().lastError).toContain('UNAVAILABLE'));
    collector.answer('accept');
    await collector.restart();
    await flushed;
    expect(counts()).toMatchObject({ exported: 4, queued: 0, dropped: 0 });
    expect(collector.distinctSpans).toBe(4);
  });
});

describe('a delay of 0 that the collector demands', () => {
  it('does not replace the back-off', async () => {
    const limits = { firstBackoffMillis: 50, longestBackoffMillis: 50, retryMillis: 200 };
    const { collector, counts, delivery, spans } = await startDelivery({ limits });
    collector.answer({ status: status.UNAVAILABLE, retryDelayMs: 0 });
    spans(1);
    await delivery.forceFlush();
    expect(counts().droppedBy.expired).toBe(1);
    // At most one call for each shortest back-off of 25 ms, and the first one.
    expect(collector.calls.length).toBeLessThanOrEqual(9);
  });
});

describe('a batch that is accepted in part', () => {
  it('is not sent again; the rejected spans are counted and logged', async () => {
    const running = await startDelivery();
    running.collector.answer(({ number }) => (number === 1 ? { rejectedSpans: 2, message: 'too old' } : 'accept'));
    running.spans(5);
    await running.delivery.forceFlush();
    running.spans(1);
    await running.delivery.forceFlush();
    expect(sizesOf(running.collector)).toEqual([5, 1]);
    expect(running.collector.acceptedSpans.length).toBe(4);
    expect(running.counts()).toMatchObject({ exported: 4, dropped: 2, droppedBy: { rejected: 2 } });
    expect(running.counts().lastError).toBe('rejected 2 spans: too old');
    expect(running.lines[0]?.fields).toMatchObject({ error: 'rejected 2 spans: too old' });
  });

  it('with no rejected span but a message counts as accepted; each message is logged once', async () => {
    const running = await startDelivery();
    const send = (message: string) => {
      running.collector.answerNext({ rejectedSpans: 0, message });
      running.spans(1);
      return running.delivery.forceFlush();
    };
    for (const message of ['use gzip', 'use gzip', 'use v2', 'use gzip']) await send(message);
    expect(running.counts()).toMatchObject({ exported: 4, dropped: 0 });
    expect(running.counts().lastError).toBeUndefined();
    const { address } = running.collector;
    expect(running.lines.map(({ level, message, fields }) => [level, message, fields])).toEqual([
      ['warn', 'collector accepted all spans, with a message', { endpoint: address, collector: 'use gzip' }],
      ['warn', 'collector accepted all spans, with a message', { endpoint: address, collector: 'use v2' }],
    ]);
  });

  it('never counts more rejected spans than it has', async () => {
    const { counts, collector, delivery, spans } = await startDelivery();
    collector.answer({ rejectedSpans: 1_000_000 });
    spans(2);
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ exported: 0, queued: 0, dropped: 2 });
  });
});

describe('a lasting outage', () => {
  it('is logged again from time to time, with the current counts', async () => {
    const running = await startDelivery({ limits: { reminderMillis: 50, queueSpans: 3 } });
    running.collector.answer({ status: status.UNAVAILABLE, details: 'no backend' });
    running.spans(4);
    void running.delivery.forceFlush();
    await vi.waitFor(() => expect(running.lines.map(({ message }) => message)).toContain(STILL));
    const still = running.lines.find(({ message }) => message === STILL);
    expect(still?.fields).toMatchObject({
      endpoint: running.collector.address,
      error: '14 UNAVAILABLE: no backend',
      exported: 0,
      queued: 3,
      dropped: 1,
      droppedBy: { queue_full: 1 },
      seconds: 0,
    });
  });
});

const STILL = 'collector is still unavailable; queueing spans and retrying';

describe('a token', () => {
  const bearer = (token: string) => `Bearer ${token}`;
  const sent = (collector: OtlpReceiver) => collector.calls.map(({ headers }) => headers.authorization);
  const onlyWith = (collector: OtlpReceiver, token: string) => (): Answer =>
    collector.calls.at(-1)?.headers.authorization === bearer(token) ? 'accept' : { status: status.UNAUTHENTICATED };

  it('is read again when its file changes, and stays when the file is gone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'token-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'token');
    await writeFile(file, bearer('one'));
    const { collector, delivery, spans } = await startDelivery({
      metadata: headers(authorizationFromFile(file, SILENT)),
    });
    const send = () => {
      spans(1);
      return delivery.forceFlush();
    };
    await send();
    await writeFile(file, bearer('second'));
    await send();
    await rm(file);
    await send();
    expect(sent(collector)).toEqual([bearer('one'), bearer('second'), bearer('second')]);
  });

  it('that was replaced when the collector refused it costs no span', async () => {
    const tokens = ['old', 'new'];
    const { counts, collector, delivery, spans } = await startDelivery({
      metadata: headers(() => bearer(tokens.shift() ?? 'new')),
    });
    collector.answer(onlyWith(collector, 'new'));
    spans(2);
    await delivery.forceFlush();
    expect(sent(collector)).toEqual([bearer('old'), bearer('new')]);
    expect(counts()).toMatchObject({ exported: 2, dropped: 0 });
  });

  it('that is new at every call is tried twice', async () => {
    let tokens = 0;
    const { collector, counts, delivery, spans } = await startDelivery({
      metadata: headers(() => bearer(String(++tokens))),
    });
    collector.answer({ status: status.UNAUTHENTICATED });
    spans(1);
    await delivery.forceFlush();
    expect(sent(collector)).toEqual([bearer('1'), bearer('2')]);
    expect(counts()).toMatchObject({ queued: 0, droppedBy: { refused: 1 } });
  });

  it('that is empty leaves an error unchanged', async () => {
    const { collector, counts, delivery, spans } = await startDelivery({ metadata: headers(() => 'Bearer') });
    collector.answer({ status: status.UNAUTHENTICATED, details: 'no token' });
    spans(1);
    await delivery.forceFlush();
    expect(counts().lastError).toBe('16 UNAUTHENTICATED: no token');
  });

  it('that cannot be obtained keeps spans queued, and the error is not quoted', async () => {
    let fails = true;
    const running = await startDelivery({
      metadata: headers(() => {
        if (fails) throw new Error('the vault refused s3cret');
        return bearer('s3cret');
      }),
    });
    running.spans(2);
    const flushed = running.delivery.forceFlush();
    await vi.waitFor(() => expect(running.counts().lastError).toBe('no authorization available: Error'));
    expect(running.collector.calls).toEqual([]);
    fails = false;
    await flushed;
    expect(running.counts()).toMatchObject({ exported: 2, dropped: 0 });
    expect(JSON.stringify([running.lines, running.counts()])).not.toContain('s3cret');
  });

  it('is hidden in an error of the collector that quotes it', async () => {
    const running = await startDelivery({ metadata: headers(() => bearer('s3cret')) });
    running.collector.answer({ status: status.UNAUTHENTICATED, details: 's3cret of Bearer s3cret is not known' });
    running.spans(1);
    await running.delivery.forceFlush();
    expect(running.counts().lastError).toBe('16 UNAUTHENTICATED: (hidden) of (hidden) is not known');
    expect(JSON.stringify(running.lines)).not.toContain('s3cret');
  });
});

function headers(authorization: () => string | undefined | Promise<string | undefined>): () => Promise<Metadata> {
  return async () => {
    const metadata = new Metadata();
    metadata.set('authorization', (await authorization()) ?? '');
    return metadata;
  };
}

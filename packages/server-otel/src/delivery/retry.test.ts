import { mkdtempSync, rmSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { authorizationFromFile } from '../pipeline/authorization.ts';
import { type Delivering, type DeliveringOptions, startDelivering } from '../testing/delivering.ts';
import { SILENT } from '../testing/recording.ts';
import { type Reaction, type ScriptedCollector, startScriptedCollector } from '../testing/scripted-collector.ts';

const open: Array<() => void> = [];

afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function delivering(options?: DeliveringOptions): Promise<Delivering & { collector: ScriptedCollector }> {
  const collector = await startScriptedCollector();
  const running = startDelivering(collector.address, options);
  open.push(() => running.delivery.close(), collector.stop);
  return { ...running, collector };
}

const messages = ({ lines }: Delivering) => lines.map(({ level, message }) => [level, message]);

describe('a batch that fails', () => {
  it.each(['CANCELLED', 'DEADLINE_EXCEEDED', 'ABORTED', 'OUT_OF_RANGE', 'UNAVAILABLE', 'DATA_LOSS'] as const)(
    'with %s is sent again until it is taken',
    async (code) => {
      const running = await delivering();
      running.collector.react((call) => (call < 4 ? { status: status[code] } : 'accept'));
      running.spans(3);
      await running.delivery.forceFlush();
      expect(running.collector.sizes).toEqual([3, 3, 3, 3]);
      expect(running.collector.acknowledgedSpans).toBe(3);
      expect(running.books()).toMatchObject({ exported: 3, queued: 0, dropped: 0 });
      expect(running.books().lastError).toContain(`${status[code]} ${code}: scripted`);
      expect(messages(running)).toEqual([
        ['warn', 'The collector cannot be reached'],
        ['info', 'The collector is back'],
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
  ] as const)('with %s is dropped, and the next one goes on', async (code) => {
    const running = await delivering();
    running.collector.react((call) => (call === 1 ? { status: status[code] } : 'accept'));
    running.spans(3);
    await running.delivery.forceFlush();
    running.spans(2);
    await running.delivery.forceFlush();
    expect(running.collector.sizes).toEqual([3, 2]);
    expect(running.books()).toMatchObject({ exported: 2, dropped: 3, droppedBy: { refused: 3 } });
    expect(messages(running)).toEqual([
      ['warn', 'The collector refuses spans, which are dropped'],
      ['info', 'The collector takes all spans again'],
    ]);
  });

  it.each([status.RESOURCE_EXHAUSTED, status.UNAVAILABLE])(
    'is sent again not before the collector allows it (status %i with RetryInfo), also when it is flushed',
    async (code) => {
      const { books, collector, delivery, spans } = await delivering();
      const at: number[] = [];
      collector.react((call) => {
        at.push(performance.now());
        return call === 1 ? { status: code, retryMillis: 300 } : 'accept';
      });
      spans(1);
      const flushed = delivery.forceFlush();
      await vi.waitFor(() => expect(books().lastError).toContain('scripted'));
      await Promise.all([flushed, delivery.forceFlush()]);
      expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(299);
      expect(books()).toMatchObject({ exported: 1, dropped: 0 });
    },
  );

  it('is given up when it was tried long enough, and the next one gets a time of its own', async () => {
    const { books, collector, delivery, spans } = await delivering({ limits: { retryMillis: 100, batchSpans: 3 } });
    const seen: number[] = [];
    collector.react(() => {
      seen.push(books().droppedBy.expired);
      return books().droppedBy.expired === 3 ? 'accept' : { status: status.UNAVAILABLE };
    });
    spans(5);
    await delivery.forceFlush();
    expect(seen.filter((expired) => expired === 0).length).toBeGreaterThan(1);
    expect(books()).toMatchObject({ exported: 2, dropped: 3, droppedBy: { expired: 3 } });
  });

  it('with a call that is never answered is sent again, over a new connection', async () => {
    const { books, collector, delivery, spans } = await delivering({ limits: { callMillis: 50 } });
    collector.react((call) => (call === 1 ? 'hang' : 'accept'));
    spans(1);
    await delivery.forceFlush();
    expect(collector.sizes).toEqual([1, 1]);
    expect(new Set(collector.peers).size).toBe(2);
    expect(books()).toMatchObject({ exported: 1, dropped: 0 });
    expect(books().lastError).toContain('DEADLINE_EXCEEDED');
  });

  it('because the connection broke while it was on its way is sent again', async () => {
    const { books, collector, delivery, spans } = await delivering();
    collector.react('hang');
    spans(4);
    const flushed = delivery.forceFlush();
    await vi.waitFor(() => expect(collector.sizes).toEqual([4]));
    collector.stop();
    await vi.waitFor(() => expect(books().lastError).toContain('UNAVAILABLE'));
    collector.react('accept');
    await collector.restart();
    await flushed;
    expect(books()).toMatchObject({ exported: 4, queued: 0, dropped: 0 });
    expect(collector.distinctSpans).toBe(4);
  });
});

describe('a batch that is taken in part', () => {
  it('is not sent again; what was rejected is counted and said', async () => {
    const running = await delivering();
    running.collector.react((call) => (call === 1 ? { rejected: 2, message: 'too old' } : 'accept'));
    running.spans(5);
    await running.delivery.forceFlush();
    running.spans(1);
    await running.delivery.forceFlush();
    expect(running.collector.sizes).toEqual([5, 1]);
    expect(running.collector.acknowledgedSpans).toBe(4);
    expect(running.books()).toMatchObject({ exported: 4, dropped: 2, droppedBy: { rejected: 2 } });
    expect(running.books().lastError).toBe('rejected 2 spans: too old');
    expect(running.lines[0]?.fields).toMatchObject({ error: 'rejected 2 spans: too old' });
  });

  it('never counts more than there were', async () => {
    const { books, collector, delivery, spans } = await delivering();
    collector.react({ rejected: 1_000_000 });
    spans(2);
    await delivery.forceFlush();
    expect(books()).toMatchObject({ exported: 0, queued: 0, dropped: 2 });
  });
});

describe('a lasting outage', () => {
  it('is said again from time to time, with the counts of that moment', async () => {
    const running = await delivering({ limits: { reminderMillis: 50, queueSpans: 3 } });
    running.collector.react({ status: status.UNAVAILABLE, details: 'no backend' });
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

const STILL = 'The collector still cannot be reached';

describe('a token', () => {
  const bearer = (token: string) => `Bearer ${token}`;
  const sent = (collector: ScriptedCollector) => collector.calls.map(({ headers }) => headers.authorization);
  const onlyWith = (collector: ScriptedCollector, token: string) => (): Reaction =>
    collector.calls.at(-1)?.headers.authorization === bearer(token) ? 'accept' : { status: status.UNAUTHENTICATED };

  it('is read again when its file changes, and stays when the file is gone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'token-'));
    open.push(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'token');
    await writeFile(file, bearer('one'));
    const { collector, delivery, spans } = await delivering({ metadata: headers(authorizationFromFile(file, SILENT)) });
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

  it('that was replaced while it was refused costs no span', async () => {
    const tokens = ['old', 'new'];
    const { books, collector, delivery, spans } = await delivering({
      metadata: headers(() => bearer(tokens.shift() ?? 'new')),
    });
    collector.react(onlyWith(collector, 'new'));
    spans(2);
    await delivery.forceFlush();
    expect(sent(collector)).toEqual([bearer('old'), bearer('new')]);
    expect(books()).toMatchObject({ exported: 2, dropped: 0 });
  });

  it('that cannot be had lets spans wait, and what failed is not quoted', async () => {
    let fails = true;
    const running = await delivering({
      metadata: headers(() => {
        if (fails) throw new Error('the vault refused s3cret');
        return bearer('s3cret');
      }),
    });
    running.spans(2);
    const flushed = running.delivery.forceFlush();
    await vi.waitFor(() => expect(running.books().lastError).toBe('there is no authorization: Error'));
    expect(running.collector.calls).toEqual([]);
    fails = false;
    await flushed;
    expect(running.books()).toMatchObject({ exported: 2, dropped: 0 });
    expect(JSON.stringify([running.lines, running.books()])).not.toContain('s3cret');
  });

  it('that the collector quotes is hidden', async () => {
    const running = await delivering({ metadata: headers(() => bearer('s3cret')) });
    running.collector.react({ status: status.UNAUTHENTICATED, details: 's3cret of Bearer s3cret is not known' });
    running.spans(1);
    await running.delivery.forceFlush();
    expect(running.books().lastError).toBe('16 UNAUTHENTICATED: (hidden) of (hidden) is not known');
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

import { join } from 'node:path';
import { type Answer, OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { describe, expect, it } from 'vitest';
import { suite } from '../harness/suite.ts';
import type { SpanAccounts } from './span-accounts.ts';
import { AVAILABLE, SystemUnderTest, UNAVAILABLE } from './system-under-test.ts';

const { folder, use } = suite();

const REFUSING = 'collector refuses spans; dropping them';
const ACCEPTING = 'collector accepts all spans again';
const FULL = 'span queue is full; dropping new spans';

// gRPC status codes
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

describe.concurrent('runs complete with their results with a Collector that', () => {
  it('answers UNIMPLEMENTED: all spans are counted as refused', async () => {
    const { system, receiver } = await start('unimplemented', { status: UNIMPLEMENTED });
    await system.load.during(async () => {
      await system.bothLog(REFUSING);
    });
    await system.load.completed();
    const accounts = await system.end();
    expect(receiver.acceptedSpans).toEqual([]);
    for (const { created, droppedBy } of Object.values(accounts)) {
      expect(droppedBy).toEqual({ ...NONE, refused: created });
    }
  });

  it('answers UNAUTHENTICATED until it accepts the token: refused spans are counted, the others delivered', async () => {
    const env = { SERVER_OTEL_COLLECTOR_AUTH: 'Bearer hidden' };
    const { system, answer, receiver } = await start(
      'unauthenticated',
      { status: UNAUTHENTICATED, details: 'no' },
      env,
    );
    await system.load.during(async () => {
      await system.bothLog(REFUSING);
      answer('accept');
      await system.bothLog(ACCEPTING);
    });
    await system.load.completed();
    const accounts = await system.end();
    for (const { created, exported, droppedBy } of Object.values(accounts)) {
      expect(droppedBy).toEqual({ ...NONE, refused: created - exported });
      expect(droppedBy.refused).toBeGreaterThan(0);
      expect(exported).toBeGreaterThan(0);
    }
    expect(receiver.distinctSpans).toBe(total(accounts, 'exported'));
    const { api, engine } = system.deployment;
    expect(JSON.stringify([api.log.lines, engine.log.lines])).not.toContain('hidden');
  });

  it('answers RESOURCE_EXHAUSTED with RetryInfo: it gets the requested pause, and then all spans', async () => {
    const { system, answer, receiver } = await start('exhausted', { status: RESOURCE_EXHAUSTED, retryDelayMs: 1500 });
    await system.load.during(async () => {
      await system.bothLog(UNAVAILABLE);
      answer('accept');
      await system.bothLog(AVAILABLE);
    });
    await system.load.completed();
    const accounts = await system.end();
    expect(total(accounts, 'exported')).toBe(total(accounts, 'created'));
    expect(receiver.distinctSpans).toBe(total(accounts, 'created'));
  });

  it('answers RESOURCE_EXHAUSTED without RetryInfo, as for a quota: no call is retried', async () => {
    const { system, receiver } = await start('too-large', { status: RESOURCE_EXHAUSTED });
    await system.load.during(async () => {
      await system.bothLog(REFUSING);
    });
    await system.load.completed();
    const accounts = await system.end();
    for (const { created, droppedBy } of Object.values(accounts)) {
      expect(droppedBy).toEqual({ ...NONE, refused: created });
    }
    const distinctCalls = new Set(receiver.calls.map(({ bytes }) => bytes.toString('base64')));
    expect(receiver.calls.length).toBe(distinctCalls.size);
  });

  it('hangs until the queue overflows: overflowing spans are counted, queued spans delivered', async () => {
    const { system, answer, receiver } = await start('overflow', 'hang', { SERVER_OTEL_QUEUE_SIZE: '512' });
    await system.load.during(async () => {
      await system.bothLog(FULL);
      await system.bothLog(UNAVAILABLE); // the hanging call has timed out
      answer('accept');
      await system.bothLog(AVAILABLE);
    });
    await system.load.completed();
    const accounts = await system.end();
    for (const { created, exported, droppedBy } of Object.values(accounts)) {
      expect(droppedBy).toEqual({ ...NONE, queue_full: created - exported });
      expect(droppedBy.queue_full).toBeGreaterThan(0);
      expect(exported).toBeGreaterThanOrEqual(512);
    }
    expect(receiver.distinctSpans).toBe(total(accounts, 'exported'));
  });
});

/** No span dropped, for any reason. */
const NONE = { queue_full: 0, encoding_failed: 0, refused: 0, rejected: 0, expired: 0, shutdown: 0 };

interface Started {
  system: SystemUnderTest;
  /** Receives the spans of API and engine. */
  receiver: OtlpReceiver;
  /** Sets the answer to all further calls. */
  answer(answer: Answer): void;
}

/** Starts the system. The worker's spans are not in the services' accounts, so it exports to a receiver of its own. */
async function start(name: string, first: Answer, env: Record<string, string> = {}): Promise<Started> {
  const [receiver, ofWorker] = await Promise.all([OtlpReceiver.start(), OtlpReceiver.start()]);
  for (const each of [receiver, ofWorker]) use(each);
  const answer = (next: Answer) => {
    for (const each of [receiver, ofWorker]) each.answer(next);
  };
  answer(first);
  const addresses = { exportsTo: receiver.address, workerExportsTo: ofWorker.address };
  const system = use(await SystemUnderTest.start({ folder: join(folder, name), ...addresses, env }));
  return { system, receiver, answer };
}

function total(accounts: SpanAccounts, column: 'created' | 'exported'): number {
  return Object.values(accounts).reduce((sum, own) => sum + own[column], 0);
}

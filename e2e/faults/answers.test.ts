import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Reaction,
  type ScriptedCollector,
  startScriptedCollector,
} from '../../packages/server-otel/src/testing/scripted-collector.ts';
import { suite } from '../harness/suite.ts';
import type { AllBooks } from './books.ts';
import { BACK, LOST, Scene } from './scene.ts';

const { folder, use } = suite();

const REFUSING = 'collector refuses spans; dropping them';
const TAKING = 'collector accepts all spans again';
const FULL = 'span queue is full; dropping new spans';

// gRPC's numbers
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const UNAUTHENTICATED = 16;

describe.concurrent('runs complete with their results with a Collector that', () => {
  it('answers UNIMPLEMENTED: what it was sent is counted as refused', async () => {
    const { scene, answer, sent } = await start('unimplemented', { status: UNIMPLEMENTED });
    await scene.load.during(async () => {
      await scene.bothSay(REFUSING);
    });
    await scene.load.completed();
    const books = await scene.end();
    expect(sent.acknowledgedSpans).toBe(0);
    for (const { created, droppedBy } of Object.values(books)) expect(droppedBy).toEqual({ ...NONE, refused: created });
    answer('accept');
  });

  it('answers UNAUTHENTICATED until its token is known: what it refused is counted, and the rest delivered', async () => {
    const env = { SERVER_OTEL_COLLECTOR_AUTH: 'Bearer hidden' };
    const { scene, answer, sent } = await start('unauthenticated', { status: UNAUTHENTICATED, details: 'no' }, env);
    await scene.load.during(async () => {
      await scene.bothSay(REFUSING);
      answer('accept');
      await scene.bothSay(TAKING);
    });
    await scene.load.completed();
    const books = await scene.end();
    for (const { created, exported, droppedBy } of Object.values(books)) {
      expect(droppedBy).toEqual({ ...NONE, refused: created - exported });
      expect(droppedBy.refused).toBeGreaterThan(0);
      expect(exported).toBeGreaterThan(0);
    }
    expect(sent.distinctSpans).toBe(total(books, 'exported'));
    const { api, engine } = scene.deployment;
    expect(JSON.stringify([api.log.lines, engine.log.lines])).not.toContain('hidden');
  });

  it('answers RESOURCE_EXHAUSTED with RetryInfo: it is given the time, and then everything', async () => {
    const { scene, answer, sent } = await start('exhausted', { status: RESOURCE_EXHAUSTED, retryMillis: 1500 });
    await scene.load.during(async () => {
      await scene.bothSay(LOST);
      answer('accept');
      await scene.bothSay(BACK);
    });
    await scene.load.completed();
    const books = await scene.end();
    expect(total(books, 'exported')).toBe(total(books, 'created'));
    expect(sent.distinctSpans).toBe(total(books, 'created'));
  });

  it('answers RESOURCE_EXHAUSTED without RetryInfo, as to a call that is too large: it is not sent again', async () => {
    const { scene, sent } = await start('too-large', { status: RESOURCE_EXHAUSTED });
    await scene.load.during(async () => {
      await scene.bothSay(REFUSING);
    });
    await scene.load.completed();
    const books = await scene.end();
    for (const { created, droppedBy } of Object.values(books)) expect(droppedBy).toEqual({ ...NONE, refused: created });
    const calls = new Set(sent.calls.map(({ bytes }) => bytes.toString('base64')));
    expect(sent.calls.length).toBe(calls.size);
  });

  it('hangs while more spans come than may wait: what has no place is counted, what waits is delivered', async () => {
    const { scene, answer, sent } = await start('overflow', 'hang', { SERVER_OTEL_QUEUE_SIZE: '512' });
    await scene.load.during(async () => {
      await scene.bothSay(FULL);
      await scene.bothSay(LOST); // the call that hangs is given up
      answer('accept');
      await scene.bothSay(BACK);
    });
    await scene.load.completed();
    const books = await scene.end();
    for (const { created, exported, droppedBy } of Object.values(books)) {
      expect(droppedBy).toEqual({ ...NONE, queue_full: created - exported });
      expect(droppedBy.queue_full).toBeGreaterThan(0);
      expect(exported).toBeGreaterThanOrEqual(512);
    }
    expect(sent.distinctSpans).toBe(total(books, 'exported'));
  });
});

/** No span dropped, for any reason. */
const NONE = { queue_full: 0, encoding_failed: 0, refused: 0, rejected: 0, expired: 0, shutdown: 0 };

interface Answering {
  scene: Scene;
  /** What API and engine have sent. */
  sent: ScriptedCollector;
  /** From now on. */
  answer(reaction: Reaction): void;
}

/** The worker has a collector of its own, which answers the same: its spans are not in the services' books. */
async function start(name: string, reaction: Reaction, env: Record<string, string> = {}): Promise<Answering> {
  const [sent, workers] = await Promise.all([startScriptedCollector(), startScriptedCollector()]);
  for (const { stop } of [sent, workers]) use({ stop: async () => stop() });
  const answer = (next: Reaction) => {
    for (const { react } of [sent, workers]) react(next);
  };
  answer(reaction);
  const addresses = { exportsTo: sent.address, workerExportsTo: workers.address };
  const scene = use(await Scene.start({ folder: join(folder, name), ...addresses, env }));
  return { scene, sent, answer };
}

function total(books: AllBooks, account: 'created' | 'exported'): number {
  return Object.values(books).reduce((sum, own) => sum + own[account], 0);
}

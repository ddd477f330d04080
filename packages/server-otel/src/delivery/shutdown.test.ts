import { execFile } from 'node:child_process';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { compressionAlgorithms, Metadata, status } from '@grpc/grpc-js';
import { readSpans } from '@hatchet-ts/trace-testing/receiver';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { isTracingSuppressed } from '@opentelemetry/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { sizesOf, startDelivery, startDeliveryTo } from '../testing/delivery-fixture.ts';

const UNDELIVERED = 'telemetry was shut down with undelivered spans; dropping them';

describe('forceFlush', () => {
  it('waits for the answer of a running call', async () => {
    const { counts, collector, delivery, spans } = await startDelivery();
    collector.answer({ delayMs: 100 });
    spans(5120);
    await vi.waitFor(() => expect(sizesOf(collector)).toEqual([5120]));
    expect(counts()).toMatchObject({ queued: 5120, exported: 0 });
    await delivery.forceFlush();
    expect(counts()).toMatchObject({ queued: 0, exported: 5120 });
  });

  it('resolves at once if nothing is queued', async () => {
    const { collector, delivery } = await startDelivery();
    await delivery.forceFlush();
    expect(collector.calls).toEqual([]);
  });

  it('resolves with the spans still queued if the collector is unavailable for too long', async () => {
    const { counts, collector, delivery, spans } = await startDelivery({ limits: { flushMillis: 50 } });
    collector.answer({ status: status.UNAVAILABLE });
    spans(1);
    await expect(delivery.forceFlush()).resolves.toBeUndefined();
    expect(counts()).toMatchObject({ queued: 1, dropped: 0 });
    collector.answer('accept');
    await vi.waitFor(() => expect(counts()).toMatchObject({ exported: 1 }));
  });
});

describe('shutdown', () => {
  it('delivers queued spans once, however often it is called, and logs the final counts', async () => {
    const { counts, collector, delivery, lines, spans } = await startDelivery();
    spans(7);
    await Promise.all([delivery.shutdown(), delivery.shutdown()]);
    await delivery.shutdown();
    expect(sizesOf(collector)).toEqual([7]);
    expect(counts()).toMatchObject({ exported: 7, queued: 0, dropped: 0 });
    expect(lines).toEqual([{ level: 'info', message: 'telemetry was shut down', fields: counts() }]);
  });

  it.each(['hang', { status: status.UNAVAILABLE }, { status: status.UNAVAILABLE, retryDelayMs: 60_000 }] as const)(
    'ends in time if the collector answers %j, counts the lost spans and closes the connection',
    async (reaction) => {
      const { counts, collector, delivery, lines, spans } = await startDelivery({ limits: { shutdownMillis: 200 } });
      collector.answer(reaction);
      spans(5120 + 3);
      await vi.waitFor(() => expect(collector.calls[0]?.spans.length).toBe(5120));
      const start = performance.now();
      await expect(delivery.shutdown()).resolves.toBeUndefined();
      expect(performance.now() - start).toBeLessThan(5000);
      expect(counts()).toMatchObject({ queued: 0, exported: 0, dropped: 5123, droppedBy: { shutdown: 5123 } });
      expect(lines.at(-1)).toMatchObject({ level: 'warn', message: UNDELIVERED, fields: { dropped: 5123 } });
      const calls = collector.calls.length;
      collector.answer('accept');
      spans(2);
      await delivery.forceFlush();
      await nextTurn();
      expect(collector.calls).toHaveLength(calls);
      expect(lines.at(-1)?.message).toBe(UNDELIVERED);
      expect(counts()).toMatchObject({ created: 5125, queued: 0, droppedBy: { shutdown: 5125 } });
    },
  );

  it('uses its time to reach a collector that returns', async () => {
    const { counts, collector, delivery, spans } = await startDelivery({ limits: { shutdownMillis: 10_000 } });
    collector.stop();
    spans(3);
    const stopped = delivery.shutdown();
    await vi.waitFor(() => expect(counts().lastError).toContain('UNAVAILABLE'));
    await collector.restart();
    await stopped;
    expect(counts()).toMatchObject({ exported: 3, dropped: 0 });
  });

  it('keeps the process alive until it is over, and not afterwards', async () => {
    const program = fileURLToPath(new URL('../testing/short-program.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program, '127.0.0.1:1']);
    expect(JSON.parse(stdout)).toMatchObject({ created: 1, queued: 0, droppedBy: { shutdown: 1 } });
  });
});

describe('the export', () => {
  it('is not traced itself', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    onTestFinished(() => context.disable());
    const suppressed: boolean[] = [];
    const { delivery, spans } = await startDelivery({
      metadata: async () => {
        suppressed.push(isTracingSuppressed(context.active()));
        return new Metadata();
      },
    });
    spans(1);
    await delivery.forceFlush();
    expect(suppressed).toEqual([true]);
  });

  it('is compressed if the channel is configured so', async () => {
    const { promise: received, resolve } = Promise.withResolvers<[encoding: unknown, body: Buffer]>();
    // Not a gRPC server: that would show the message only when it is decompressed.
    const server = createServer().on('stream', (stream, headers) => {
      stream.once('data', (chunk: Buffer) => {
        resolve([headers['grpc-encoding'], chunk]);
        stream.respond({ ':status': 200, 'grpc-status': '0' }, { endStream: true });
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const channelOptions = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
    const running = startDeliveryTo(`127.0.0.1:${(server.address() as AddressInfo).port}`, { channelOptions });
    onTestFinished(() => {
      server.close();
    });
    running.spans(100);
    const flushed = running.delivery.forceFlush();
    const [encoding, body] = await received;
    expect([encoding, body[0]]).toEqual(['gzip', 1]);
    expect(readSpans(gunzipSync(body.subarray(5)))).toHaveLength(100);
    running.delivery.close();
    await flushed;
  });
});

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Resources, waitUntil } from '@hatchet-ts/trace-testing';
import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { Collector } from '../harness/collector.ts';
import { Deployment, exportingTo } from '../harness/deployment.ts';
import { startEchoWorker } from '../harness/echo-worker.ts';
import { type SentRequest, sendRequests } from './requests.ts';

export const WORKER = 'echo-worker';

/** A request with its trace. */
export interface Request extends SentRequest {
  /** Trace id that the engine has stored with the run. */
  traceId: string;
}

export interface Outcome {
  requests: Request[];
  /** All exported spans: the Collector ended after all other processes. */
  spans: readonly WaterfallSpan[];
}

/** Sampling ratio of both services, or one for each. */
type Ratios = number | { 'hatchet-api': number; 'hatchet-engine': number };

/** Sends requests of every kind through an API and an engine that sample at a ratio, to a worker that follows its parents' decision. */
export async function runExperiment(suiteFolder: string, ratios: Ratios, times: number): Promise<Outcome> {
  const ratioOf = (service: 'hatchet-api' | 'hatchet-engine') =>
    typeof ratios === 'number' ? ratios : ratios[service];
  const folder = join(suiteFolder, `ratio-${ratioOf('hatchet-api')}-${ratioOf('hatchet-engine')}`);
  const resources = new Resources();
  try {
    const collector = resources.use(await Collector.start({ folder: join(folder, 'collector') }));
    const deployment = resources.use(
      await Deployment.start({
        folder,
        api: exportingTo(collector, 'hatchet-api', ratioOf('hatchet-api')),
        engine: exportingTo(collector, 'hatchet-engine', ratioOf('hatchet-engine')),
      }),
    );
    const worker = resources.use(
      await startEchoWorker({ folder, deployment, exportsTo: collector.address, name: WORKER }),
    );

    // the first request of each kind fills caches of the services, so its trace has more queries
    const first = await sendRequests(deployment, 1, () => []);
    await allCompleted(deployment, first.length);
    const sent = await sendRequests(deployment, times, () => idsAtTheBound(ratioOf('hatchet-engine')));
    await allCompleted(deployment, first.length + sent.length);
    await worker.stop();
    await deployment.stopServices();
    await collector.stop();

    const traceIds = await storedTraceIds(deployment);
    const requests = sent.map((request) => ({ ...request, traceId: traceIds.get(request.runId) ?? 'none' }));
    return { requests, spans: await collector.traces.spans() };
  } finally {
    await resources.stop();
  }
}

/** Returns the last trace id that is kept, the first that is dropped, and both ends of the range. */
function idsAtTheBound(ratio: number): string[] {
  const bound = BigInt(Math.trunc(ratio * 2 ** 63)) << 1n;
  return [bound - 1n, bound, 0n, 2n ** 64n - 1n]
    .filter((low) => low >= 0n && low < 2n ** 64n)
    .map((low) => randomBytes(8).toString('hex') + low.toString(16).padStart(16, '0'));
}

async function allCompleted({ database }: Deployment, runs: number): Promise<void> {
  let completed = 0;
  const probe = async () => {
    const { rows } = await database.query<{ completed: number }>(
      `SELECT count(*)::int AS completed FROM run WHERE status = 'COMPLETED'`,
    );
    completed = rows[0]?.completed ?? 0;
    return completed === runs;
  };
  const describe = () => `${completed} have completed`;
  await waitUntil(`${runs} completed runs`, probe, { timeoutMs: 120_000, intervalMs: 100, describe });
}

async function storedTraceIds({ database }: Deployment): Promise<Map<string, string>> {
  const { rows } = await database.query<{ id: string; trace_id: string }>('SELECT id, trace_id FROM run');
  return new Map(rows.map(({ id, trace_id }) => [id, trace_id]));
}

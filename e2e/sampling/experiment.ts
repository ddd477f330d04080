import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { Collector } from '../harness/collector.ts';
import { Deployment, exportingTo } from '../harness/deployment.ts';
import { Resources } from '../harness/resources.ts';
import { ServiceProcess } from '../harness/service-process.ts';
import { type Sent, sendRequests } from './requests.ts';

export const WORKER = 'echo-worker';

/** A request and what became of it. */
export interface Request extends Sent {
  /** The trace that the engine has stored with the run. */
  traceId: string;
}

export interface Outcome {
  requests: Request[];
  /** Everything that was exported: all processes have ended, and the Collector after them. */
  spans: readonly WaterfallSpan[];
}

/** One ratio for both services, or one for each. */
type Ratios = number | { 'hatchet-api': number; 'hatchet-engine': number };

/**
 * Sends requests in every way through an API and an engine that export at a ratio, to a worker that exports what its
 * parents sampled.
 */
export async function experiment(suiteFolder: string, ratios: Ratios, times: number): Promise<Outcome> {
  const of = (service: 'hatchet-api' | 'hatchet-engine') => (typeof ratios === 'number' ? ratios : ratios[service]);
  const folder = join(suiteFolder, `ratio-${of('hatchet-api')}-${of('hatchet-engine')}`);
  const resources = new Resources();
  try {
    const collector = resources.use(await Collector.start({ folder: join(folder, 'collector') }));
    const deployment = resources.use(
      await Deployment.start({
        folder,
        api: exportingTo(collector, 'hatchet-api', of('hatchet-api')),
        engine: exportingTo(collector, 'hatchet-engine', of('hatchet-engine')),
      }),
    );
    const worker = resources.use(await startWorker(folder, deployment, collector));

    // the first request of each kind makes the services read what they then remember: its trace has a query more
    const first = await sendRequests(deployment, 1, () => []);
    await allCompleted(deployment, first.length);
    const sent = await sendRequests(deployment, times, () => idsAtTheBound(of('hatchet-engine')));
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

async function startWorker(folder: string, deployment: Deployment, collector: Collector): Promise<ServiceProcess> {
  return ServiceProcess.start({
    name: WORKER,
    entry: join(import.meta.dirname, '../workers/echo.ts'),
    env: {
      ...deployment.clientEnvironment,
      OTEL_SERVICE_NAME: WORKER,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collector.address}`,
    },
    logFile: join(folder, 'worker.log'),
  });
}

/** The last trace id that is kept and the first that is dropped, and the ends of the range. */
function idsAtTheBound(ratio: number): string[] {
  const bound = BigInt(Math.trunc(ratio * 2 ** 63)) << 1n;
  return [bound - 1n, bound, 0n, 2n ** 64n - 1n]
    .filter((low) => low >= 0n && low < 2n ** 64n)
    .map((low) => randomBytes(8).toString('hex') + low.toString(16).padStart(16, '0'));
}

async function allCompleted({ database }: Deployment, runs: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { rows } = await database.query<{ ended: number }>(
      `SELECT count(*)::int AS ended FROM run WHERE status = 'COMPLETED'`,
    );
    const ended = rows[0]?.ended ?? 0;
    if (ended === runs) return;
    if (Date.now() > deadline) throw new Error(`only ${ended} of ${runs} runs have completed`);
    await setTimeout(100);
  }
}

async function storedTraceIds({ database }: Deployment): Promise<Map<string, string>> {
  const { rows } = await database.query<{ id: string; trace_id: string }>('SELECT id, trace_id FROM run');
  return new Map(rows.map(({ id, trace_id }) => [id, trace_id]));
}

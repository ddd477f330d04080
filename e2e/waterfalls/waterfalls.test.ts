import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { missingParents, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { beforeAll, describe, expect, it } from 'vitest';
import { durableCollector } from '../faults/durable-collector.ts';
import { strangers, unseen } from '../harness/closed-tables.ts';
import { Deployment, exportingTo } from '../harness/deployment.ts';
import { ALWAYS, isDocumented } from '../harness/documented-metrics.ts';
import { metricNames } from '../harness/metric-names.ts';
import { picture } from '../harness/picture.ts';
import { endedRuns } from '../harness/rest.ts';
import { ServiceProcess } from '../harness/service-process.ts';
import { steady } from '../harness/steady.ts';
import { suite } from '../harness/suite.ts';
import { ELSEWHERE } from './elsewhere.ts';
import { SCENARIOS } from './scenarios.ts';

const { folder, use } = suite();
/** Read often enough that nothing is missed. */
const METRICS = { SERVER_OTEL_METRICS_ENABLED: 'true', SERVER_OTEL_METRICS_INTERVAL: '1s' };
const GO = '11111111111111112222222222222222';

describe('with two services, two workers and a client of different names', () => {
  let traceIds: Record<string, string>;
  let seen: unknown;
  let all: readonly WaterfallSpan[];
  let metrics: string[];

  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    const collector = use(await durableCollector(join(folder, 'collector')));
    const deployment = use(
      await Deployment.start({
        folder,
        api: { ...exportingTo(collector, 'hatchet-api'), ...METRICS },
        engine: { ...exportingTo(collector, 'hatchet-engine'), ...METRICS },
      }),
    );
    const environment = (name: string) => ({
      ...deployment.clientEnvironment,
      HATCHET_CLIENT_LOG_LEVEL: 'ERROR',
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${collector.address}`,
    });
    const workers = await Promise.all(
      ['order-worker', 'parcel-worker'].map(async (name) => {
        const entry = join(import.meta.dirname, 'worker.ts');
        const logFile = join(folder, `${name}.log`);
        return use(await ServiceProcess.start({ name, entry, env: environment(name), logFile }));
      }),
    );

    const done = await client(environment('shop'), 'client.ts');
    traceIds = done.traceIds;
    seen = done.seen;
    await client(environment('go-client'), 'plain-client.ts', `00-${GO}-b7ad6b7169203331-01`);
    for (const [name, traceId] of Object.entries(traceIds)) if (name !== 'cron') await endedRuns(deployment, traceId);
    // each sends what it holds when it is stopped, the Collector last
    for (const worker of workers) await worker.stop();
    await deployment.stopServices();
    await collector.stop();
    all = await collector.traces.spans();
    metrics = await metricNames(join(folder, 'collector/metrics.jsonl'));
  });

  const trace = (traceId: string | undefined) => all.filter((span) => span.traceId === traceId);

  it.each(Object.keys(SCENARIOS))('%s is one whole trace', async (name) => {
    const spans = trace(traceIds[name]);
    expect(missingParents(spans)).toEqual([]);
    await expect(picture(steady(spans))).toMatchFileSnapshot(`pictures/${name}.txt`);
  });

  it.each([
    ['the firing of a cron', 'hatchet.start_step_run', 'ticking'],
    ['the run of a batch', 'hatchet.start_batch_run', 'gathered'],
  ])('%s is a trace of its own, with links', async (name, started, workflow) => {
    const [first] = all
      .filter((span) => span.name === started && span.attributes['hatchet.workflow_name'] === workflow)
      .sort(byTime);
    await expect(picture(steady(trace(first!.traceId)))).toMatchFileSnapshot(`pictures/${name}.txt`);
  });

  it('a client that knows only metadata, as those in Go, is joined all the same', async () => {
    await expect(picture(steady(trace(GO)))).toMatchFileSnapshot('pictures/Go-style client.txt');
  });

  it('nothing is sent that the tables lack', () => {
    expect(strangers(all)).toEqual([]);
  });

  it('all that is in the tables is sent, but for what other tests show', () => {
    expect(unseen(all)).toEqual({
      spans: Object.keys(ELSEWHERE.spans).sort(),
      attributes: Object.keys(ELSEWHERE.attributes).sort(),
    });
  });

  it('no metric is sent that the documents lack, and what always has a value is sent', () => {
    expect(metrics.filter((name) => !isDocumented(name))).toEqual([]);
    expect(ALWAYS.filter((name) => !metrics.includes(name))).toEqual([]);
  });

  it('tracestate and, where it is asked for, baggage reach the task', () => {
    expect(seen).toEqual({ context: { tracestate: 'vendor=opaque', baggage: 'A-1' } });
  });
});

const byTime = (one: WaterfallSpan, other: WaterfallSpan) => Number(one.startTimeUnixNano - other.startTimeUnixNano);

interface Done {
  traceIds: Record<string, string>;
  seen: unknown;
}

async function client(env: Record<string, string>, file: string, ...args: string[]): Promise<Done> {
  const path = join(import.meta.dirname, file);
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    timeout: 120_000,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Done;
}

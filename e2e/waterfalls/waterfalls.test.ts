import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { missingParents, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { beforeAll, describe, expect, it } from 'vitest';
import { startDurableCollector } from '../faults/durable-collector.ts';
import { Deployment, exportingTo } from '../harness/deployment.ts';
import { exportedMetricNames } from '../harness/exported-metrics.ts';
import { ALWAYS_EXPORTED, isDocumentedMetric } from '../harness/metric-tables.ts';
import { undocumentedNames, unusedNames } from '../harness/name-tables.ts';
import { endedRuns } from '../harness/rest.ts';
import { runCommand } from '../harness/run-command.ts';
import { startService } from '../harness/service.ts';
import { suite } from '../harness/suite.ts';
import { waterfallText, withoutRepeatedPolls } from '../harness/waterfall-text.ts';
import { NAMES_SHOWN_ELSEWHERE } from './names-shown-elsewhere.ts';
import { SCENARIOS } from './scenarios.ts';

const { folder, use } = suite();
/** Metrics at a short interval, so that the Collector gets the values of short runs too. */
const METRICS = { SERVER_OTEL_METRICS_ENABLED: 'true', SERVER_OTEL_METRICS_INTERVAL: '1s' };
const GO_TRACE_ID = '11111111111111112222222222222222';

describe('with two services, two workers and a client, each with its own service name', () => {
  let traceIds: Record<string, string>;
  let seenByTask: unknown;
  let all: readonly WaterfallSpan[];
  let metrics: string[];

  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    const collector = use(await startDurableCollector(join(folder, 'collector')));
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
        return use(await startService({ name, entry, env: environment(name), folder }));
      }),
    );

    const done = await runClient(environment('shop'), 'client.ts');
    traceIds = done.traceIds;
    seenByTask = done.seenByTask;
    await runClient(environment('go-client'), 'plain-client.ts', `00-${GO_TRACE_ID}-b7ad6b7169203331-01`);
    for (const [name, traceId] of Object.entries(traceIds)) if (name !== 'cron') await endedRuns(deployment, traceId);
    // each process exports its queue when it stops; the Collector stops last
    for (const worker of workers) await worker.stop();
    await deployment.stopServices();
    await collector.stop();
    all = await collector.traces.spans();
    metrics = await exportedMetricNames(join(folder, 'collector/metrics.jsonl'));
  });

  const trace = (traceId: string | undefined) => all.filter((span) => span.traceId === traceId);

  it.each(Object.keys(SCENARIOS))('%s is one complete trace', async (name) => {
    const spans = trace(traceIds[name]);
    expect(missingParents(spans)).toEqual([]);
    await expect(waterfallText(withoutRepeatedPolls(spans))).toMatchFileSnapshot(`pictures/${name}.txt`);
  });

  it.each([
    ['the firing of a cron', 'hatchet.start_step_run', 'ticking'],
    ['the run of a batch', 'hatchet.start_batch_run', 'gathered'],
  ])('%s is a separate trace, with links', async (name, started, workflow) => {
    const [first] = all
      .filter((span) => span.name === started && span.attributes['hatchet.workflow_name'] === workflow)
      .sort(byTime);
    await expect(waterfallText(withoutRepeatedPolls(trace(first!.traceId)))).toMatchFileSnapshot(
      `pictures/${name}.txt`,
    );
  });

  it('a client that passes the trace only in the metadata, as Go clients do, joins the trace', async () => {
    await expect(waterfallText(withoutRepeatedPolls(trace(GO_TRACE_ID)))).toMatchFileSnapshot(
      'pictures/Go-style client.txt',
    );
  });

  it('every exported span and attribute name is in the tables', () => {
    expect(undocumentedNames(all)).toEqual([]);
  });

  it('every name in the tables is exported here, or shown by another test', () => {
    expect(unusedNames(all)).toEqual({
      spans: Object.keys(NAMES_SHOWN_ELSEWHERE.spans).sort(),
      attributes: Object.keys(NAMES_SHOWN_ELSEWHERE.attributes).sort(),
    });
  });

  it('every exported metric is documented, and metrics that always have a value are exported', () => {
    expect(metrics.filter((name) => !isDocumentedMetric(name))).toEqual([]);
    expect(ALWAYS_EXPORTED.filter((name) => !metrics.includes(name))).toEqual([]);
  });

  it('tracestate and, if enabled, baggage reach the task', () => {
    expect(seenByTask).toEqual({ context: { tracestate: 'vendor=opaque', baggage: 'A-1' } });
  });
});

const byTime = (one: WaterfallSpan, other: WaterfallSpan) => Number(one.startTimeUnixNano - other.startTimeUnixNano);

/** Last line of a client's output. */
interface Done {
  traceIds: Record<string, string>;
  seenByTask: unknown;
}

async function runClient(env: Record<string, string>, file: string, ...args: string[]): Promise<Done> {
  const stdout = await runCommand('node', [join(import.meta.dirname, file), ...args], { cwd: folder, env });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Done;
}

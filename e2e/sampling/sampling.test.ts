import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { beforeAll, describe, expect, it } from 'vitest';
import { suite } from '../harness/suite.ts';
import { waterfallText } from '../harness/waterfall-text.ts';
import { binomialBounds } from './binomial-bounds.ts';
import { EXPECTED_TRACES } from './expected-traces.ts';
import { type Outcome, type Request, runExperiment, WORKER } from './experiment.ts';
import { isKept } from './go-rule.ts';
import { REQUEST_KINDS, type RequestKind } from './requests.ts';

const { folder } = suite();
const ALL_KINDS = Object.keys(REQUEST_KINDS) as RequestKind[];

/** Services that a request passes through, and that export its trace. */
const SERVICES_BY_TRANSPORT = { http: ['hatchet-api', 'hatchet-engine'], client: ['hatchet-engine'] };

/** Place of the worker's span of a run if the services keep the trace, and if they drop it. */
const PLACES: Record<RequestKind, { kept: Place; dropped: Place }> = {
  // the worker gets no context from a trace that a service started and dropped
  'HTTP without traceparent': { kept: 'in the trace', dropped: 'in a trace of its own' },
  'SDK client without traceparent': { kept: 'in the trace', dropped: 'in a trace of its own' },
  'HTTP with traceparent, sampled': { kept: 'in the trace', dropped: "below the user's span" },
  'SDK client with traceparent, sampled': { kept: 'in the trace', dropped: "below the user's span" },
  // the API records the trace nevertheless, and propagates it as sampled
  'HTTP with traceparent, not sampled': { kept: 'in the trace', dropped: 'nowhere' },
  // the engine does not change the user's carrier
  'SDK client with traceparent, not sampled': { kept: 'nowhere', dropped: 'nowhere' },
};
type Service = 'hatchet-api' | 'hatchet-engine';
type Place = 'in the trace' | 'in a trace of its own' | "below the user's span" | 'nowhere';

describe.each([0.01, 0.25, 0.5])('at a ratio of %d', (ratio) => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await runExperiment(folder, ratio, 100);
  });

  it('a run belongs to the trace of its request, or without one to a new trace', () => {
    const { requests } = outcome;
    expect(requests.map(({ traceId }) => traceId)).toEqual(
      requests.map(({ user, traceId }) => user?.traceId ?? traceId),
    );
    expect(new Set(requests.map(({ traceId }) => traceId)).size).toBe(requests.length);
  });

  it('every service exports exactly the traces that the Go rule keeps, whatever their sampled flag', () => {
    const exporters = exportersByTrace(outcome);
    const actual = outcome.requests.map(({ kind, traceId }) => ({ kind, traceId, by: exporters.get(traceId) ?? [] }));
    const expected = actual.map(({ kind, traceId }) => ({
      kind,
      traceId,
      by: isKept(traceId, ratio) ? SERVICES_BY_TRANSPORT[REQUEST_KINDS[kind].over] : [],
    }));
    expect(actual).toEqual(expected);
    // also true of background work, for example the scheduler's passes
    expect([...exporters.keys()].filter((traceId) => !isKept(traceId, ratio))).toEqual([]);
  });

  it('the exported share is within bounds that a correct sampler exceeds once in a million runs', () => {
    const exporters = exportersByTrace(outcome);
    const random = outcome.requests.filter((request) => request.random);
    const exported = random.filter(({ traceId }) => exporters.has(traceId)).length;
    const { least, most } = binomialBounds(random.length, ratio, 1e-6);
    console.log(`${exported} of ${random.length} traces exported; ${least} to ${most} are allowed`);
    expect(random.length).toBeGreaterThanOrEqual(600);
    expect(exported).toBeGreaterThanOrEqual(least);
    expect(exported).toBeLessThanOrEqual(most);
  });

  it.each(ALL_KINDS)('%s: every kept trace is complete', (kind) => {
    const kept = outcome.requests.filter((request) => request.kind === kind && isKept(request.traceId, ratio));
    expect(keptWaterfalls(outcome, kind, ratio)).toEqual(kept.length > 0 ? [EXPECTED_TRACES[kind]] : []);
  });

  it.each(ALL_KINDS)("%s: the worker's span is in its place, also if the services drop the trace", (kind) => {
    const places = outcome.requests
      .filter((request) => request.kind === kind)
      .map((request) => placeOfWorkerSpan(outcome, request, ratio));
    expect(places).toEqual(
      outcome.requests
        .filter((request) => request.kind === kind)
        .map(({ traceId }) => PLACES[kind][isKept(traceId, ratio) ? 'kept' : 'dropped']),
    );
  });
});

describe('at unequal ratios', () => {
  it('each service decides by its own ratio, and the larger ratio keeps every trace that the smaller keeps', async () => {
    const ratios = { 'hatchet-api': 0.5, 'hatchet-engine': 0.25 };
    const outcome = await runExperiment(folder, ratios, 50);
    const exporters = exportersByTrace(outcome);
    const overHttp = outcome.requests.filter(({ kind }) => REQUEST_KINDS[kind].over === 'http');
    expect(overHttp.map(({ traceId }) => exporters.get(traceId) ?? [])).toEqual(
      overHttp.map(({ traceId }) =>
        SERVICES_BY_TRANSPORT.http.filter((service) => isKept(traceId, ratios[service as Service])),
      ),
    );
    const [api, engine] = SERVICES_BY_TRANSPORT.http.map(
      (service) => overHttp.filter(({ traceId }) => exporters.get(traceId)?.includes(service)).length,
    );
    expect(engine).toBeGreaterThan(0);
    expect(api).toBeGreaterThan(engine!);
  });
});

describe('at a ratio of 0', () => {
  it('the services export nothing, and the worker its own spans', async () => {
    const outcome = await runExperiment(folder, 0, 5);
    expect([...exportersByTrace(outcome)]).toEqual([]);
    for (const request of outcome.requests) {
      expect(placeOfWorkerSpan(outcome, request, 0)).toBe(PLACES[request.kind].dropped);
    }
  });
});

describe('at a ratio of 1', () => {
  it('the services export everything', async () => {
    const outcome = await runExperiment(folder, 1, 5);
    for (const kind of ALL_KINDS) expect(keptWaterfalls(outcome, kind, 1)).toEqual([EXPECTED_TRACES[kind]]);
    for (const request of outcome.requests) {
      expect(placeOfWorkerSpan(outcome, request, 1)).toBe(PLACES[request.kind].kept);
    }
  });
});

/** Returns the services that have exported a span of each trace, sorted. */
function exportersByTrace({ spans }: Outcome): Map<string, string[]> {
  const exporters = new Map<string, string[]>();
  for (const { traceId, serviceName } of spans) {
    if (serviceName === WORKER) continue;
    const names = exporters.get(traceId) ?? [];
    if (!names.includes(serviceName)) exporters.set(traceId, [...names, serviceName].sort());
  }
  return exporters;
}

/** Returns the distinct waterfalls of the kept traces of a kind: one, if all are complete. */
function keptWaterfalls({ requests, spans }: Outcome, kind: RequestKind, ratio: number): string[] {
  const byTrace = Map.groupBy(spans, (span) => span.traceId);
  const kept = requests.filter((request) => request.kind === kind && isKept(request.traceId, ratio));
  return [...new Set(kept.map(({ traceId }) => `\n${waterfallText(byTrace.get(traceId) ?? [])}`))];
}

function placeOfWorkerSpan({ spans }: Outcome, { runId, traceId, user }: Request, ratio: number): string {
  const found = spans.filter(isWorkerSpanOf(runId));
  if (found.length !== 1) return found.length === 0 ? 'nowhere' : `${found.length} times`;
  const [span] = found;
  if (span!.traceId !== traceId) return span!.parentSpanId ? 'in an unknown trace' : 'in a trace of its own';
  if (isKept(traceId, ratio)) return 'in the trace';
  return span!.parentSpanId === user?.spanId ? "below the user's span" : 'below an unknown span';
}

function isWorkerSpanOf(runId: string): (span: WaterfallSpan) => boolean {
  return ({ name, serviceName, attributes }) =>
    serviceName === WORKER && name === 'hatchet.start_step_run' && attributes['hatchet.workflow_run_id'] === runId;
}

import type { WaterfallSpan } from '@hatchet-ts/waterfall';
import { beforeAll, describe, expect, it } from 'vitest';
import { picture } from '../harness/picture.ts';
import { suite } from '../harness/suite.ts';
import { binomialBounds } from './binomial-bounds.ts';
import { experiment, type Outcome, type Request, WORKER } from './experiment.ts';
import { isKept } from './go-rule.ts';
import { WAYS, type Way } from './requests.ts';
import { WHOLE } from './whole-traces.ts';

const { folder } = suite();
const ALL_WAYS = Object.keys(WAYS) as Way[];

/** The services that a request passes, and so those that export its trace. */
const INVOLVED = { http: ['hatchet-api', 'hatchet-engine'], client: ['hatchet-engine'] };

/** Where the worker's span of a run belongs when the services keep the trace, and when they drop it. */
const WORKERS_SPAN: Record<Way, { kept: Place; dropped: Place }> = {
  // a trace that began in a service and is dropped there is not the worker's concern
  'HTTP without traceparent': { kept: 'in the trace', dropped: 'in a trace of its own' },
  'SDK client without traceparent': { kept: 'in the trace', dropped: 'in a trace of its own' },
  'HTTP with traceparent, sampled': { kept: 'in the trace', dropped: "below the user's span" },
  'SDK client with traceparent, sampled': { kept: 'in the trace', dropped: "below the user's span" },
  // the API records the trace all the same, and what it then hands on is sampled
  'HTTP with traceparent, not sampled': { kept: 'in the trace', dropped: 'nowhere' },
  // the engine leaves the user's carrier as it is
  'SDK client with traceparent, not sampled': { kept: 'nowhere', dropped: 'nowhere' },
};
type Service = 'hatchet-api' | 'hatchet-engine';
type Place = 'in the trace' | 'in a trace of its own' | "below the user's span" | 'nowhere';

describe.each([0.01, 0.25, 0.5])('at a ratio of %d', (RATIO) => {
  let outcome: Outcome;
  beforeAll(async () => {
    outcome = await experiment(folder, RATIO, 100);
  });

  it('a run belongs to the trace that was sent with its request, else to one of its own', () => {
    const { requests } = outcome;
    expect(requests.map(({ traceId }) => traceId)).toEqual(
      requests.map(({ user, traceId }) => user?.traceId ?? traceId),
    );
    expect(new Set(requests.map(({ traceId }) => traceId)).size).toBe(requests.length);
  });

  it('every service exports the traces that the Go rule keeps and no others, whatever their flag', () => {
    const exporters = exportersByTrace(outcome);
    const seen = outcome.requests.map(({ way, traceId }) => ({ way, traceId, by: exporters.get(traceId) ?? [] }));
    const due = seen.map(({ way, traceId }) => ({
      way,
      traceId,
      by: isKept(traceId, RATIO) ? INVOLVED[WAYS[way].over] : [],
    }));
    expect(seen).toEqual(due);
    // nor did anything else that they did on the side, like the scheduler's passes
    expect([...exporters.keys()].filter((traceId) => !isKept(traceId, RATIO))).toEqual([]);
  });

  it('the share that is exported is one that chance misses but once in a million', () => {
    const exporters = exportersByTrace(outcome);
    const drawn = outcome.requests.filter((request) => request.drawn);
    const exported = drawn.filter(({ traceId }) => exporters.has(traceId)).length;
    const { least, most } = binomialBounds(drawn.length, RATIO, 1e-6);
    console.log(`${exported} of ${drawn.length} traces exported; ${least} to ${most} are allowed`);
    expect(drawn.length).toBeGreaterThanOrEqual(600);
    expect(exported).toBeGreaterThanOrEqual(least);
    expect(exported).toBeLessThanOrEqual(most);
  });

  it.each(ALL_WAYS)('%s: each trace that is kept is whole', (way) => {
    const kept = outcome.requests.filter((request) => request.way === way && isKept(request.traceId, RATIO));
    expect(picturesOfKept(outcome, way, RATIO)).toEqual(kept.length > 0 ? [WHOLE[way]] : []);
  });

  it.each(ALL_WAYS)("%s: the worker's span is where it belongs, also behind services that drop the trace", (way) => {
    const places = outcome.requests
      .filter((request) => request.way === way)
      .map((request) => placeOfWorkersSpan(outcome, request, RATIO));
    expect(places).toEqual(
      outcome.requests
        .filter((request) => request.way === way)
        .map(({ traceId }) => WORKERS_SPAN[way][isKept(traceId, RATIO) ? 'kept' : 'dropped']),
    );
  });
});

describe('at unequal ratios', () => {
  it('each service decides by its own, and what the smaller keeps the larger keeps', async () => {
    const ratios = { 'hatchet-api': 0.5, 'hatchet-engine': 0.25 };
    const outcome = await experiment(folder, ratios, 50);
    const exporters = exportersByTrace(outcome);
    const overHttp = outcome.requests.filter(({ way }) => WAYS[way].over === 'http');
    expect(overHttp.map(({ traceId }) => exporters.get(traceId) ?? [])).toEqual(
      overHttp.map(({ traceId }) => INVOLVED.http.filter((service) => isKept(traceId, ratios[service as Service]))),
    );
    const [api, engine] = INVOLVED.http.map(
      (service) => overHttp.filter(({ traceId }) => exporters.get(traceId)?.includes(service)).length,
    );
    expect(engine).toBeGreaterThan(0);
    expect(api).toBeGreaterThan(engine!);
  });
});

describe('at a ratio of 0', () => {
  it('the services export nothing, and the worker its own', async () => {
    const outcome = await experiment(folder, 0, 5);
    expect([...exportersByTrace(outcome)]).toEqual([]);
    for (const request of outcome.requests) {
      expect(placeOfWorkersSpan(outcome, request, 0)).toBe(WORKERS_SPAN[request.way].dropped);
    }
  });
});

describe('at a ratio of 1', () => {
  it('the services export everything', async () => {
    const outcome = await experiment(folder, 1, 5);
    for (const way of ALL_WAYS) expect(picturesOfKept(outcome, way, 1)).toEqual([WHOLE[way]]);
    for (const request of outcome.requests) {
      expect(placeOfWorkersSpan(outcome, request, 1)).toBe(WORKERS_SPAN[request.way].kept);
    }
  });
});

/** Which services have exported something of a trace, in alphabetical order. */
function exportersByTrace({ spans }: Outcome): Map<string, string[]> {
  const exporters = new Map<string, string[]>();
  for (const { traceId, serviceName } of spans) {
    if (serviceName === WORKER) continue;
    const names = exporters.get(traceId) ?? [];
    if (!names.includes(serviceName)) exporters.set(traceId, [...names, serviceName].sort());
  }
  return exporters;
}

/** The different pictures that the kept traces of a way have: one, when all are whole. */
function picturesOfKept({ requests, spans }: Outcome, way: Way, ratio: number): string[] {
  const byTrace = Map.groupBy(spans, (span) => span.traceId);
  const kept = requests.filter((request) => request.way === way && isKept(request.traceId, ratio));
  return [...new Set(kept.map(({ traceId }) => `\n${picture(byTrace.get(traceId) ?? [])}`))];
}

function placeOfWorkersSpan({ spans }: Outcome, { runId, traceId, user }: Request, ratio: number): string {
  const found = spans.filter(isWorkersSpanOf(runId));
  if (found.length !== 1) return found.length === 0 ? 'nowhere' : `${found.length} times`;
  const [span] = found;
  if (span!.traceId !== traceId) return span!.parentSpanId ? 'in a strange trace' : 'in a trace of its own';
  if (isKept(traceId, ratio)) return 'in the trace';
  return span!.parentSpanId === user?.spanId ? "below the user's span" : 'below an unknown span';
}

function isWorkersSpanOf(runId: string): (span: WaterfallSpan) => boolean {
  return ({ name, serviceName, attributes }) =>
    serviceName === WORKER && name === 'hatchet.start_step_run' && attributes['hatchet.workflow_run_id'] === runId;
}

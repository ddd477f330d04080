import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Deployment } from '../harness/deployment.ts';
import { endedRuns, traceIdOf, trigger } from '../harness/rest.ts';
import { runCommand } from '../harness/run-command.ts';
import { startService } from '../harness/service.ts';
import { suite } from '../harness/suite.ts';

const { folder, use } = suite();
/** Fixed, so that a failure can be reproduced. */
const SEED = 20_261_121;

interface Case {
  input: unknown;
  metadata: Record<string, unknown>;
}
interface Outcome {
  input?: unknown;
  metadata?: Record<string, unknown>;
  error?: string;
  changed?: string;
}

/** Metadata keys that the instrumentor adds or removes. */
const CARRIER_KEYS = ['traceparent', 'tracestate', 'baggage'];

describe('hostile metadata and carriers, through SDK, engine and worker,', () => {
  let deployment: Deployment;
  let cases: Case[];
  let plain: Outcome[];
  let instrumented: Outcome[];

  beforeAll(async () => {
    await mkdir(folder, { recursive: true });
    deployment = use(await Deployment.start({ folder }));
    const env = {
      ...deployment.clientEnvironment,
      HATCHET_CLIENT_LOG_LEVEL: 'ERROR',
      OTEL_SERVICE_NAME: 'mirror',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    };
    const entry = join(import.meta.dirname, 'worker.ts');
    use(await startService({ name: 'worker', entry, env, folder }));
    cases = [...SPECIAL, ...fc.sample(CASE, { seed: SEED, numRuns: 60 })];
    const file = join(folder, 'cases.json');
    await writeFile(file, JSON.stringify(cases));
    cases = JSON.parse(await readFile(file, 'utf8'));
    const outcomes = async (how: string): Promise<Outcome[]> => {
      await runCommand('node', [join(import.meta.dirname, 'client.ts'), how, file], { cwd: folder, env });
      return JSON.parse(await readFile(`${file}.${how}`, 'utf8'));
    };
    plain = await outcomes('plain');
    instrumented = await outcomes('instrumented');
  });

  it('give the same results as without an instrumentor, and the same errors', () => {
    expect(instrumented).toHaveLength(cases.length);
    expect(instrumented.map(withoutCarrier)).toEqual(plain.map(withoutCarrier));
    expect(plain.filter(({ error }) => !error).length).toBeGreaterThan(cases.length / 2);
  });

  it('reach the task unchanged', () => {
    for (const [index, outcome] of instrumented.entries()) {
      if (outcome.error) continue;
      expect(outcome).not.toHaveProperty('changed');
      expect(withoutCarrier(outcome).metadata).toEqual(withoutCarrier({ ...cases[index] } as Outcome).metadata);
    }
  });

  it.each([
    '00-zz-zz-01',
    '',
    'x'.repeat(7_000),
    '00-00000000000000000000000000000000-0000000000000000-01',
    'ff-a-b-c',
  ])('do no harm in headers: traceparent %j', async (traceparent) => {
    const headers = { traceparent, tracestate: 'a=b,,=,c', baggage: '%%%;=' };
    const run = await trigger(deployment, { workflowName: 'mirror', input: { n: 1 }, headers });
    const { rows } = await deployment.database.query<{ trace_id: string | null }>(
      'SELECT trace_id FROM run WHERE id = $1',
      [run],
    );
    expect(rows[0]?.trace_id ?? 'none').not.toContain('zz');
  });

  it('leave engine, API and worker serving, without an error in their logs', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const run = await trigger(deployment, { workflowName: 'mirror', input: { n: 1 }, headers: { traceparent } });
    const [ended] = await endedRuns(deployment, await traceIdOf(deployment, run));
    expect(ended).toMatchObject({ status: 'COMPLETED' });
    const { api, engine } = deployment;
    const errors = [...api.log.lines, ...engine.log.lines].filter(({ fields }) => Number(fields.level) >= 50);
    expect(errors).toEqual([]);
  });
});

const METADATA = fc.dictionary(
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.constantFrom('traceparent', 'tracestate', 'baggage', 'constructor', 'toString', 'hatchet__trace_relation'),
  ),
  fc.oneof(fc.string({ unit: 'binary', maxLength: 50 }), fc.string(), fc.jsonValue({ maxDepth: 2 })),
  { maxKeys: 6 },
);
const CASE: fc.Arbitrary<Case> = fc.record({ input: fc.dictionary(fc.string(), fc.jsonValue()), metadata: METADATA });

const SPECIAL: Case[] = [
  { input: {}, metadata: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } },
  { input: {}, metadata: { traceparent: 'nonsense', tracestate: 'x'.repeat(10_000) } },
  { input: {}, metadata: { traceparent: ['00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'] } },
  { input: {}, metadata: { traceparent: null, tracestate: 1, baggage: { a: 'b' } } },
  { input: {}, metadata: JSON.parse('{"__proto__": {"polluted": true}, "constructor": "x", "toString": "y"}') },
  { input: { big: 'x'.repeat(1_000_000) }, metadata: { big: 'y'.repeat(1_000_000) } },
  { input: {}, metadata: { '\u202Ebidi': '\u0007\u001B[31m', lone: '\uD800', nul: '\u0000' } },
];

function withoutCarrier({ metadata, ...outcome }: Outcome): Outcome {
  if (!metadata) return outcome;
  return {
    ...outcome,
    metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !CARRIER_KEYS.includes(key))),
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from '@hatchet-ts/trace-testing';
import { spansFromTraceRows, type TraceRow } from '@hatchet-ts/waterfall';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment } from '../harness/deployment.ts';
import { waterfallText } from '../harness/waterfall-text.ts';
import { bundle } from './bundle.ts';
import { CELLS, type Cell, HAS_EVERY_NODE } from './combinations.ts';
import { install } from './installation.ts';
import { nodeBinary } from './node-binary.ts';
import { type Packed, pack } from './packed.ts';
import { readmeTable, renderTable, writeReadmeTable } from './table.ts';

const folder = mkdtempSync(join(tmpdir(), 'hatchet-matrix-'));
const passed: Cell[] = [];
const shared = new Map<string, Promise<unknown>>();
let packed: Packed;
let deployment: Deployment;

beforeAll(async () => {
  [packed, deployment] = await Promise.all([pack(), Deployment.start({ folder })]);
});
afterAll(async () => {
  await deployment?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe.concurrent('an application traces its runs', () => {
  test.each(CELLS.map((cell, index) => [Object.values(cell).join(' · '), cell, index] as const))(
    '%s',
    async (_name, cell, index) => {
      const node = await once(`node ${cell.node}`, () => nodeBinary(cell.node));
      const installation = `${cell.layout} ${cell.sdk} ${cell.otel}`;
      const cwd = await once(installation, () => install(cell, packed));
      const { traceId, logged, stderr } = await runApplication(node, await commandLine(cell, cwd, index), {
        cwd,
        env: environment(cell, index),
      });
      expect(await trace(traceId, `m${index}-`)).toBe(EXPECTED);
      expect(logged).toBe(true);
      expect(diagMessages(stderr)).toEqual(expectedMessages(cell));
      passed.push(cell);
    },
  );
});

test.runIf(HAS_EVERY_NODE)('the README lists the combinations that work', () => {
  expect(passed).toHaveLength(CELLS.length);
  if (!process.env.CI) writeReadmeTable(renderTable(CELLS));
  expect(readmeTable()).toBe(renderTable(CELLS));
});

const EXPECTED = `
checkout · application
├─ hatchet.run_workflow cancelled · application · PRODUCER
│  ├─ hatchet.cancel_step_run cancelled · application · CONSUMER
│  │     ↗ link to hatchet.start_step_run cancelled
│  └─ hatchet.start_step_run cancelled · application · CONSUMER · cancelled
│     │  ↗ link to hatchet.run_workflow cancelled
│     └─ hatchet.cancel_runs · application · CLIENT
├─ hatchet.run_workflow flaky · application · PRODUCER
│  ├─ hatchet.start_step_run flaky · application · CONSUMER · ERROR failed
│  │     ! not yet
│  │     ↗ link to hatchet.run_workflow flaky
│  └─ hatchet.start_step_run flaky (retry 1) · application · CONSUMER · completed
│        ↗ link to hatchet.run_workflow flaky
│        ↗ link to hatchet.start_step_run flaky
├─ hatchet.run_workflow order · application · PRODUCER
│  └─ hatchet.start_step_run order · application · CONSUMER · completed
│     │  ↗ link to hatchet.run_workflow order
│     ├─ hatchet.push_event paid · application · PRODUCER
│     └─ hatchet.run_workflow greet · application · PRODUCER
│        └─ hatchet.start_step_run greet · application · CONSUMER · completed
│              ↗ link to hatchet.run_workflow greet
└─ hatchet.run_workflows greet · application · CLIENT
   ├─ hatchet.run_workflow greet · application · PRODUCER
   │  └─ hatchet.start_step_run greet · application · CONSUMER · completed
   │        ↗ link to hatchet.run_workflow greet
   └─ hatchet.run_workflow greet · application · PRODUCER
      └─ hatchet.start_step_run greet · application · CONSUMER · completed
            ↗ link to hatchet.run_workflow greet`.trim();

async function commandLine(cell: Cell, cwd: string, index: number): Promise<string[]> {
  const isEsm = cell.modules === 'ESM';
  if (cell.wiring === 'bundle') return [await bundle(cwd, isEsm ? 'esm' : 'cjs', index)];
  const preload =
    cell.wiring === 'zero code' ? [isEsm ? '--import' : '--require', '@hatchet-ts/sdk-otel/register'] : [];
  return [...preload, isEsm ? 'esm.mjs' : 'cjs.cjs'];
}

function environment(cell: Cell, index: number): Record<string, string> {
  return {
    ...deployment.clientEnvironment,
    MATRIX_CELL: `m${index}`,
    MATRIX_WIRING: cell.wiring,
    MATRIX_OTEL: cell.otel,
    OTEL_SERVICE_NAME: 'application',
    OTEL_LOG_LEVEL: 'info',
    OTEL_TRACES_EXPORTER: 'hatchet',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
  };
}

/** Renders the application's part of a trace in the engine's own receiver. */
async function trace(traceId: string, prefix: string): Promise<string> {
  const { database, apiAddress, tenantId, token } = deployment;
  const { rows } = await database.query<{ id: string }>('SELECT id FROM run WHERE trace_id = $1 LIMIT 1', [traceId]);
  const url = `http://${apiAddress}/api/v1/stable/tenants/${tenantId}/traces?run_external_id=${rows[0]?.id}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  const body = (await response.json()) as { rows: TraceRow[] };
  const spans = spansFromTraceRows(body.rows).filter((span) => span.serviceName === 'application');
  return waterfallText(spans).replaceAll(prefix, '');
}

/** Returns messages of the instrumentor and OpenTelemetry; the application's diag logger has level `info`. */
function diagMessages(stderr: string): string[] {
  return stderr.split('\n').filter((line) => line.includes('@hatchet-ts/sdk-otel') || /error/i.test(line));
}

function expectedMessages({ wiring, sdk }: Cell): string[] {
  if (wiring !== 'SDK loaded before') return [];
  return [`@hatchet-ts/sdk-otel: patched @hatchet-dev/typescript-sdk ${sdk}, which was already loaded`];
}

async function once<T>(key: string, work: () => Promise<T>): Promise<T> {
  const running = (shared.get(key) as Promise<T> | undefined) ?? work();
  shared.set(key, running);
  return await running;
}

/** Result of an application. */
interface Outcome {
  readonly traceId: string;
  /** whether its log line contains the trace id */
  readonly logged: boolean;
  readonly stderr: string;
}

/** Runs an application to its end. @throws Error with its output if it does not print its result */
async function runApplication(
  node: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<Outcome> {
  const { code, signal, stdout, stderr } = await runProcess(node, args, { ...options, timeoutMs: 90_000 });
  const done = stdout.split('\n').find((line) => line.startsWith('{"msg":"done"'));
  if (!done) throw new Error(`${node} ${args.join(' ')} ended with ${signal ?? code}:\n${stdout}\n${stderr}`);
  return { ...(JSON.parse(done) as Pick<Outcome, 'traceId' | 'logged'>), stderr };
}

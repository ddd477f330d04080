import { missingParents, spansFromTraceRows, type WaterfallSpan } from '@hatchet-ts/waterfall';
import { beforeAll, describe, expect, test } from 'vitest';
import { request, traceIdOf, trigger } from '../harness/rest.ts';
import { suite } from '../harness/suite.ts';
import { waterfallText, withoutRepeatedPolls } from '../harness/waterfall-text.ts';
import { PythonInstallation } from './installation.ts';
import { withoutStack } from './without-stack.ts';

const { folder, use } = suite();
let installation: PythonInstallation;
beforeAll(async () => {
  installation = use(await PythonInstallation.start(folder));
});

const run = async (scenario: string) => (await installation.run(scenario)).result;

describe('a Python client and a Python worker', () => {
  test('run a DAG with a retry and children, awaited by polling', async () => {
    expect(await run('sync_result')).toEqual({ attempt: 1, own: [1, 2], foreign: 42 });
  });

  test('await a result over the subscription, and many at once', async () => {
    expect(await run('subscribed_result')).toEqual({ sum: 5 });
    expect(await run('bulk')).toEqual([0, 2, 4, 6, 8]);
  });

  test('receive a failure as the text of the Python exception', async () => {
    const { error } = (await run('failure')) as { error: string };
    expect(error).toContain('ValueError: no good');
  });

  test('sleep durably, wait for an event, and spawn a child', async () => {
    const { slept, came, child } = (await run('durable')) as { slept: number; came: string; child: number };
    expect(slept).toBeGreaterThanOrEqual(1);
    expect(came).toContain('py:go');
    expect(child).toBe(3);
  });

  test('push events, with wildcards', async () => {
    expect(await run('events')).toEqual([
      { items: 1, key: 'py:placed' },
      { items: 2, key: 'py:wild:any' },
    ]);
  });

  test('schedule over gRPC and REST, and create a cron', async () => {
    expect(await run('schedules')).toEqual({ schedules: 1, rest: 'py-add', sums: [14, 16, 18] });
  });

  test('read, replay, cancel and create over REST with strict models', async () => {
    expect(await run('operations')).toEqual({
      created: true,
      workers: expect.arrayContaining(['py-worker', 'ts-worker']),
      workflows: true,
      details: true,
    });
  });

  test('follow a stream', async () => {
    expect(await run('streamed')).toBe('one two three');
  });

  test('receive an error for features that this engine does not support', async () => {
    expect(await run('rate_limits')).toEqual([
      expect.stringContaining("PutRateLimit is not supported by this engine; Hatchet's own engine has it"),
      expect.stringContaining("PauseRateLimit is not supported by this engine; Hatchet's own engine has it"),
    ]);
  });
});

describe('Python and TypeScript', () => {
  test('call each other', async () => {
    expect(await run('typescript_task')).toEqual({ sum: 23 });
    const { error } = (await output('ts-sees-failure', {})) as { error: string };
    expect(error).toContain('ValueError: no good');
  });

  test('share one trace: REST, a TypeScript task, a Python DAG with a retry, its children in both', async () => {
    const { deployment } = installation;
    const runId = await trigger(deployment, { workflowName: 'ts-checkout', input: { items: 2 } });
    expect(await ended(runId)).toEqual({ foreign: 42 });
    const spans = await completeTrace(await traceIdOf(deployment, runId), { runs: 5, attempts: 8 });
    await expect(waterfallText(withoutRepeatedPolls(spans).map(withoutStack))).toMatchFileSnapshot(
      'pictures/rest-typescript-python.txt',
    );
  });

  test('share one trace: a Python client, its DAG, a durable task with its sleep, an event, and the runs that these start', async () => {
    const { traceId, result } = await installation.run('everything');
    expect(result).toEqual([{ items: 3, key: 'py:placed' }]);
    const spans = await completeTrace(traceId, { runs: 7, attempts: 10 });
    await expect(waterfallText(withoutRepeatedPolls(spans).map(withoutStack))).toMatchFileSnapshot(
      'pictures/python-client.txt',
    );
  });
});

/** Waits for the end of a run with one task, and returns its output. */
async function ended(runId: string): Promise<unknown> {
  const read = async () => (await request<RunDetails>(installation.deployment, `workflow-runs/${runId}`)).tasks[0];
  await expect.poll(async () => (await read())?.status, { timeout: 60_000, interval: 200 }).toMatch(/COMPLETED|FAILED/);
  return (await read())?.output;
}

const output = async (workflowName: string, input: object) =>
  ended(await trigger(installation.deployment, { workflowName, input }));

interface RunDetails {
  tasks: { status: string; output: unknown }[];
}

/** Reads a whole trace, page by page. */
async function spansOf(traceId: string): Promise<WaterfallSpan[]> {
  const spans: WaterfallSpan[] = [];
  for (let offset = 0; ; offset += 1_000) {
    const path = `tenants/{tenant}/traces?trace_id=${traceId}&limit=1000&offset=${offset}`;
    const { rows } = await request<{ rows: Parameters<typeof spansFromTraceRows>[0] }>(installation.deployment, path);
    spans.push(...spansFromTraceRows(rows));
    if (rows.length < 1_000) return spans;
  }
}

/** Waits until a trace has this many runs and attempts, one root and no missing parent, and returns it. */
async function completeTrace(traceId: string, wanted: { runs: number; attempts: number }): Promise<WaterfallSpan[]> {
  let spans: WaterfallSpan[] = [];
  const state = async () => {
    spans = await spansOf(traceId);
    return {
      roots: spans.filter(({ parentSpanId }) => !parentSpanId).length,
      runs: spans.filter(({ name }) => name === 'hatchet.engine.workflow_run').length,
      attempts: spans.filter(({ name }) => name.startsWith('hatchet.start_step_run')).length,
      missing: missingParents(spans).length,
    };
  };
  await expect.poll(state, { timeout: 20_000, interval: 300 }).toEqual({ roots: 1, missing: 0, ...wanted });
  return spans;
}

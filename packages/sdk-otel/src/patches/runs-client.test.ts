import { SpanKind } from '@opentelemetry/api';
import { expect, test } from 'vitest';
import { setUpClient } from '../testing/client.ts';
import { startEngine } from '../testing/engine.ts';

const { engine, recorder } = await setUpClient({ excludedAttributes: ['num_runs'] });

test.each(['cancel', 'replay'] as const)('%s is a client call with the ids of its runs', async (command) => {
  const { data } = await engine.client.runs[command]({ ids: ['run-1'] });
  expect(data.ids).toEqual(['run-1']);
  const [span] = recorder.take();
  expect(span?.name).toBe(`hatchet.${command}_runs`);
  expect(span?.kind).toBe(SpanKind.CLIENT);
  expect(span?.attributes).toEqual({
    instrumentor: 'hatchet',
    'hatchet.run_ids': ['run-1'],
    'messaging.system': 'hatchet',
    'messaging.operation.name': command,
  });
});

test('with a filter it has the ids in the response', async () => {
  await engine.client.runs.cancel({ filters: { since: new Date(0) } });
  expect(recorder.take()[0]?.attributes['hatchet.run_ids']).toEqual(['run-1', 'run-2']);
});

test('of many runs it has the first hundred ids and the number of runs', async () => {
  const other = await startEngine();
  const all = Array.from({ length: 150 }, (_, i) => `run-${i}`);
  await other.client.runs.replay({ ids: all });
  await other.stop();
  const [span] = recorder.take();
  expect(span?.attributes['hatchet.run_ids']).toEqual(all.slice(0, 100));
  expect(span?.attributes['hatchet.num_runs']).toBe(150);
});

test('a refused command is an error with the rejection of the SDK', async () => {
  engine.failing.add('rest');
  await expect(engine.client.runs.cancel({ ids: ['run-1'] })).rejects.toMatchObject({ response: { status: 400 } });
  expect(recorder.take()[0]?.attributes['error.type']).toBe('AxiosError');
});

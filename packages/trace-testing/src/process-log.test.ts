import { expect, it } from 'vitest';
import { ProcessLog } from './process-log.ts';

it('a process log waits for a line by its fields, and for its repetition', async () => {
  const log = new ProcessLog();
  const second = log.waitFor({ msg: 'tick' }, { times: 2 });
  log.add('{"msg":"tick","n":1}');
  log.add('no JSON, {"msg":"tick"}');
  log.add('{"msg":"tick","n":2}');
  expect((await second).fields).toMatchObject({ n: 2 });
  expect((await log.waitFor({ msg: 'tick' })).fields).toMatchObject({ n: 1 });
});

it('a process log finds a line by a text or a pattern', async () => {
  const log = new ProcessLog();
  log.add('listening on port 4711');
  log.add('{broken');
  expect((await log.waitFor('listening')).text).toBe('listening on port 4711');
  expect(log.matching(/port \d+/g)).toHaveLength(1);
  expect(log.matching(/port \d+/g)).toHaveLength(1);
  expect(log.matching('broken')).toEqual([{ text: '{broken', fields: {} }]);
});

it('a wait for a log line fails with the last lines when the process ends', async () => {
  const log = new ProcessLog();
  const never = log.waitFor({ msg: 'ready' });
  log.add('{"msg":"starting"}');
  log.end();
  await expect(never).rejects.toThrow(
    'no log line {"msg":"ready"} before the process ended; last lines:\n{"msg":"starting"}',
  );
});

it('a wait for a log line fails after its deadline', async () => {
  await expect(new ProcessLog().waitFor(/ready/, { timeoutMs: 1 })).rejects.toThrow(
    'no log line /ready/ within 0.001 s; no output',
  );
});

import { expect, it } from 'vitest';
import { ServiceLog } from './service-log.ts';

it('a service log waits for the line that is to come, also for its repetition', async () => {
  const log = new ServiceLog();
  const second = log.until('tick', 2);
  log.add('{"msg":"tick","n":1}');
  log.add('no JSON, {"msg":"tick"}');
  log.add('{"msg":"tick","n":2}');
  expect(await second).toMatchObject({ n: 2 });
  expect(await log.until('tick')).toMatchObject({ n: 1 });
});

it('a service log says what came instead, when the service ends', async () => {
  const log = new ServiceLog();
  const never = log.until('ready');
  log.add('{"msg":"starting"}');
  log.end();
  await expect(never).rejects.toThrow('starting');
});

import { fileURLToPath } from 'node:url';
import { type LineMatcher, runProcess, startProcess } from '@hatchet-ts/trace-testing';
import { expect, it } from 'vitest';

const EXAMPLE = fileURLToPath(new URL('./testing/example-service.ts', import.meta.url));

const start = (MODE: string, ready: LineMatcher = { msg: 'ready' }) =>
  startProcess('node', [EXAMPLE], { env: { MODE }, ready, ignoreExitCode: true });

it.each(['SIGTERM', 'SIGINT'] as const)('A service logs its address, and stops with status 0 on %s', async (signal) => {
  const service = await start('serve');
  expect(service.readyLine.fields).toMatchObject({ name: 'example', address: '127.0.0.1:1' });
  service.signal(signal);
  expect(await service.ended).toEqual({ code: 0, signal: null });
  expect(service.log.matching({ name: 'example', msg: 'stopping', signal })).toHaveLength(1);
  expect(service.log.matching({ name: 'example', msg: 'stopped' })).toHaveLength(1);
});

it('A signal during the start stops the service as soon as it has started', async () => {
  const service = await start('slow', { msg: 'starting' });
  expect(await service.stop()).toEqual({ code: 0, signal: null });
  for (const msg of ['ready', 'stopping', 'stopped']) expect(service.log.matching({ msg })).toHaveLength(1);
});

it('Problems of the variables and of the telemetry are reported in one line, with status 2', async () => {
  const { code, stderr } = await runProcess('node', [EXAMPLE], {
    env: { MODE: 'idle', SERVER_OTEL_INSECURE: 'perhaps' },
  });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^example: MODE=idle: expected a mode; SERVER_OTEL_INSECURE=perhaps: expected .*\n$/);
});

it('A failure to start is reported in one line, with status 1', async () => {
  const result = await runProcess('node', [EXAMPLE], { env: { MODE: 'fail' } });
  expect(result).toMatchObject({ code: 1, stderr: 'example: no route; refused\n' });
});

it('A failure to stop is reported in one line, with status 1', async () => {
  const service = await start('fail-to-stop');
  expect(await service.stop()).toEqual({ code: 1, signal: null });
  expect(service.log.matching(/^example: /)).toEqual([{ text: 'example: the database is gone', fields: {} }]);
});

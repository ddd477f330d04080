import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { expect, test } from 'vitest';
import { runModule } from '../src/testing/run-module.ts';

test('the program in the README sends a span to the engine', async () => {
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8');
  const program = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const fromSource = program
    .replace("'@hatchet-ts/sdk-otel'", "'./src/index.ts'")
    .replace("'@hatchet-ts/sdk-otel/exporter'", "'./src/exporter.ts'");
  const receiver = await OtlpReceiver.start();
  const { code, stderr } = await runModule(
    `${fromSource}
    provider.getTracer('app').startSpan('order').end();
    await provider.shutdown();
    process.exit(0);`,
    {
      env: {
        HATCHET_CLIENT_TOKEN: `ey.${Buffer.from('{"sub":"707d0855-80ab-4e1f-a156-f1c4546cbf52"}').toString('base64url')}.`,
        HATCHET_CLIENT_HOST_PORT: receiver.address,
        HATCHET_CLIENT_TLS_STRATEGY: 'none',
      },
    },
  );
  receiver.stop();
  expect([code, stderr]).toEqual([0, '']);
  expect(receiver.spans.map(({ name }) => name)).toEqual(['order']);
});

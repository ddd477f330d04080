import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { OtlpReceiver } from '@hatchet-ts/trace-testing/receiver';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryFiles } from './testing/temporary-files.ts';

/** Resolves the package's name to its sources, so that the program runs as printed. */
const RESOLVER = `
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === '@hatchet-ts/server-otel'
        ? { url: '${new URL('./index.ts', import.meta.url).href}', shortCircuit: true }
        : next(specifier, context),
  });`;

it('the program of the README delivers its span', async () => {
  const [, program = ''] =
    /```ts\n(.*?)```/s.exec(readFileSync(new URL('../README.md', import.meta.url), 'utf8')) ?? [];
  const files = temporaryFiles();
  onTestFinished(() => files.remove());
  const collector = await OtlpReceiver.start();
  onTestFinished(() => collector.stop());
  const path = files.write('program.mts', program);
  const resolver = files.write('resolver.mjs', RESOLVER);
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', resolver, path], {
    env: { PATH: process.env.PATH, SERVER_OTEL_COLLECTOR_URL: collector.address, SERVER_OTEL_INSECURE: 'true' },
  });
  expect(stdout).toBe('working\n');
  expect(collector.acceptedSpans.map(({ name }) => name)).toEqual(['hatchet.run/queue']);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProcess } from '@hatchet-ts/trace-testing';
import { expect, it } from 'vitest';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

const run = (env: Record<string, string>, args: string[]) => runProcess('node', [main, ...args], { env });

it('an engine reports every problem of its variables and its file in one line, and exits with 2', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'engine-'));
  const file = join(directory, 'server.yaml');
  writeFileSync(file, 'otel:\n  traceIdRatio: 7\n  collectorAuth: "Bearer geheim\\n"\n  queueSize: many\n');
  const { code, stderr } = await run({ SERVER_GRPC_PORT: 'x', SERVER_OTEL_INSECURE: 'perhaps' }, [
    '--config',
    directory,
  ]);
  rmSync(directory, { recursive: true });
  expect(code).toBe(2);
  expect(stderr.split('\n')).toHaveLength(2);
  for (const part of [
    'engine: DATABASE_URL is not set',
    'SERVER_GRPC_PORT=x: expected a port',
    `${file}: otel.traceIdRatio=7: expected a number from 0 to 1`,
    `${file}: otel.queueSize=many: expected a whole number`,
    'SERVER_OTEL_INSECURE=perhaps: expected true or false',
  ]) {
    expect(stderr).toContain(part);
  }
  expect(stderr).not.toContain('geheim');
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../harness/run-command.ts';

const ROLLDOWN = join(import.meta.dirname, '../node_modules/.bin/rolldown');
const HEARTBEAT = 'node_modules/@hatchet-dev/typescript-sdk/clients/dispatcher/heartbeat/heartbeat-worker.js';

/**
 * Bundles an application, the SDK and sdk-otel into one file. The OpenTelemetry packages stay external. The SDK's
 * heartbeat thread needs its own file beside the bundle.
 */
export async function bundle(cwd: string, format: 'esm' | 'cjs', index: number): Promise<string> {
  const folder = `bundle-${index}`;
  const file = `${folder}/application.${format === 'esm' ? 'mjs' : 'cjs'}`;
  await rolldown(cwd, 'bundle.mjs', file, format);
  await rolldown(cwd, HEARTBEAT, `${folder}/heartbeat-worker.js`, 'cjs');
  if (format === 'esm') {
    const path = join(cwd, file);
    writeFileSync(path, `const __dirname = import.meta.dirname;\n${readFileSync(path, 'utf8')}`);
  }
  return file;
}

async function rolldown(cwd: string, input: string, file: string, format: string): Promise<void> {
  const args = [input, '--file', file, '--format', format, '--platform', 'node', '--external', '/^@opentelemetry\\//'];
  await runCommand(ROLLDOWN, args, { cwd });
}

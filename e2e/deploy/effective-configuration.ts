import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '../../packages/server-otel/src/testing/certificates.ts';
import { ROOT } from './files.ts';

/** What `hatchet-server-otel check --json` says about an environment, as far as it is asked here. */
export interface Checked {
  readonly problems: readonly { readonly source: string; readonly expected: string }[];
  readonly warnings: readonly string[];
  readonly configuration: readonly { readonly variable: string; readonly value: unknown }[];
  readonly steps: readonly { readonly step: string; readonly result: string; readonly cause?: string }[];
  readonly exitCode: number;
}

const CLI = join(ROOT, 'packages/server-otel/dist/cli.mjs');

export function check(env: Record<string, string>, timeoutSeconds = 5): Promise<Checked> {
  const args = [CLI, 'check', '--json', '--config', '/nowhere', '--timeout', String(timeoutSeconds)];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env: { PATH: process.env.PATH, ...env } }, (_, stdout, stderr) => {
      try {
        resolve(JSON.parse(stdout) as Checked);
      } catch {
        reject(new Error(stderr || stdout));
      }
    });
  });
}

/**
 * The configuration that a container's environment makes; files that are mounted there are made here. Its collector
 * is not reached.
 */
export async function configurationOf(
  env: Record<string, string>,
): Promise<Checked & { value(name: string): unknown }> {
  const folder = await mkdtemp(join(tmpdir(), 'deploy-'));
  try {
    const ca = join(folder, 'ca.crt');
    const auth = join(folder, 'authorization');
    await writeFile(ca, (await createAuthority()).certificate);
    await writeFile(auth, 'Bearer token\n');
    const here = Object.entries(env).map(([name, value]) => [
      name,
      value.endsWith('/ca.crt') ? ca : value.endsWith('/authorization') ? auth : value,
    ]);
    const checked = await check({ ...Object.fromEntries(here), SERVER_OTEL_COLLECTOR_URL: '127.0.0.1:1' }, 1);
    const value = (name: string) => checked.configuration.find(({ variable }) => variable === name)?.value;
    return { ...checked, value };
  } finally {
    await rm(folder, { recursive: true });
  }
}

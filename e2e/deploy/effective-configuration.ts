import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProcess } from '@hatchet-ts/trace-testing';
import { CertificateAuthority } from '@hatchet-ts/trace-testing/certificates';
import { ROOT } from './files.ts';

/** Parts of the output of `hatchet-server-otel check --json` that the tests read. */
export interface CheckReport {
  readonly problems: readonly { readonly source: string; readonly expected: string }[];
  readonly warnings: readonly string[];
  readonly configuration: readonly { readonly variable: string; readonly value: unknown }[];
  readonly steps: readonly { readonly step: string; readonly result: string; readonly cause?: string }[];
  readonly exitCode: number;
}

const CLI = join(ROOT, 'packages/server-otel/dist/cli.mjs');

/** Runs `hatchet-server-otel check` in an environment. */
export async function check(env: Record<string, string>, timeoutSeconds = 5): Promise<CheckReport> {
  const args = [CLI, 'check', '--json', '--config', '/nowhere', '--timeout', String(timeoutSeconds)];
  const { stdout, stderr } = await runProcess('node', args, { env });
  try {
    return JSON.parse(stdout) as CheckReport;
  } catch {
    throw new Error(stderr || stdout);
  }
}

/**
 * Returns the configuration that results from a container's environment. Creates the files that are mounted in the
 * container; the check does not reach its collector.
 */
export async function configurationOf(
  env: Record<string, string>,
): Promise<CheckReport & { value(name: string): unknown }> {
  const folder = await mkdtemp(join(tmpdir(), 'deploy-'));
  try {
    const ca = join(folder, 'ca.crt');
    const auth = join(folder, 'authorization');
    await writeFile(ca, (await CertificateAuthority.create()).certificate);
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

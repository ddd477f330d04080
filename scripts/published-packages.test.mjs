import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiReport, PUBLISHED, withTarball } from './published-packages.mjs';

const bin = (name) => join(import.meta.dirname, '../node_modules/.bin', name);
/** Output of a check; empty if it passes. */
const findings = (name, ...args) => {
  const { status, stdout, stderr } = spawnSync(bin(name), args, { encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}\n${stderr}`;
};

// They need the output of `pnpm build`.
describe.each(PUBLISHED.map((published) => [published.manifest.name, published]))(
  '%s, packed for publishing,',
  (_name, published) => {
    it('works with Node, bundlers and TypeScript', { timeout: 60_000 }, () => {
      withTarball(published, (tarball) => {
        expect(findings('publint', 'run', tarball, '--strict')).toBe('');
        // TypeScript's oldest module resolution ignores "exports"
        expect(findings('attw', tarball, '--profile', 'node16', '--format', 'ascii')).toBe('');
      });
    });

    it('exports the declarations of its API report; `vitest -u` writes it', async () => {
      await expect(apiReport(published)).toMatchFileSnapshot(join(published.folder, 'api-report.txt'));
    });
  },
);

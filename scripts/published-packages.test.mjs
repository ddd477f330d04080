import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apiReport, PUBLISHED, withTarball } from './published-packages.mjs';

const bin = (name) => join(import.meta.dirname, '../node_modules/.bin', name);
/** What a check complains about; empty when it ends well. */
const complaints = (name, ...args) => {
  const { status, stdout, stderr } = spawnSync(bin(name), args, { encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}\n${stderr}`;
};

// They look at what `npm run build` has built.
describe.each(PUBLISHED.map((published) => [published.manifest.name, published]))(
  '%s, as it would be published,',
  (_name, published) => {
    it('is a package that Node, bundlers and TypeScript understand', { timeout: 60_000 }, () => {
      withTarball(published, (tarball) => {
        expect(complaints('publint', 'run', tarball, '--strict')).toBe('');
        // without TypeScript's oldest resolution, which knows no "exports"
        expect(complaints('attw', tarball, '--profile', 'node16', '--format', 'ascii')).toBe('');
      });
    });

    it('exports what its API report says; `vitest -u` writes it', async () => {
      await expect(apiReport(published)).toMatchFileSnapshot(join(published.folder, 'api-report.txt'));
    });
  },
);

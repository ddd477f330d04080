import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const read = (file) => readFileSync(join(root, file), 'utf8');
const documents = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((file) => existsSync(join(root, file)));

it.each(documents)('the relative links of %s lead to files', (file) => {
  const links = [...read(file).matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source,
  );
  const relative = links.filter((link) => !/^(https?:|mailto:|#)/.test(link)).map((link) => link.split('#')[0]);
  expect(relative.filter((link) => !existsSync(join(root, dirname(file), link)))).toEqual([]);
});

// Needs the output of `pnpm build`.
it('the five lines of the README instrument the SDK', () => {
  const [, lines] = /```ts\n(.*?)```/s.exec(read('README.md'));
  const program = `${lines}
    await import('@hatchet-dev/typescript-sdk');
    console.log(JSON.stringify(instrumentor.explain()));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: join(root, 'packages/sdk-otel'), // where all of its imports are installed
    encoding: 'utf8',
  });
  const { patched, tracerProvider, missing } = JSON.parse(output);
  expect(lines.trim().split('\n').filter(Boolean)).toHaveLength(5);
  expect({ isPatched: patched.length > 0, provider: tracerProvider.name, missing }).toEqual({
    isPatched: true,
    provider: 'NodeTracerProvider',
    missing: [],
  });
});

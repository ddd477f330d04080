import { readFileSync, writeFileSync } from 'node:fs';
import { withReferenceTable } from '../configuration/reference-table.ts';

/* `pnpm run docs`: writes the table of settings into the README. */

const readme = new URL('../../README.md', import.meta.url);
writeFileSync(readme, withReferenceTable(readFileSync(readme, 'utf8')));

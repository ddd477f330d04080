import { readFileSync, writeFileSync } from 'node:fs';
import { updateReferenceTable } from '../configuration/reference-table.ts';

/* `pnpm run docs`: updates the table of settings in the README. */

const readme = new URL('../../README.md', import.meta.url);
writeFileSync(readme, updateReferenceTable(readFileSync(readme, 'utf8')));

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderReference } from './render.ts';

test('REFERENCE.md is in step with the tables of the code; `vitest -u` writes it', async () => {
  await expect(renderReference()).toMatchFileSnapshot(join(import.meta.dirname, '../REFERENCE.md'));
});

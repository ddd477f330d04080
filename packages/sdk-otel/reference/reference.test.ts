import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderReference } from './render.ts';

test('REFERENCE.md says what the tables of the code say; `vitest -u` writes it', async () => {
  await expect(renderReference()).toMatchFileSnapshot(join(import.meta.dirname, '../REFERENCE.md'));
});

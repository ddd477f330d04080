import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

it('the document on testing traces contains the example unchanged', () => {
  const example = readFileSync(join(import.meta.dirname, 'your-application.test.ts'), 'utf8');
  const document = readFileSync(join(import.meta.dirname, '../../docs/testing-traces.md'), 'utf8');
  expect(document).toContain(`\`\`\`ts\n${example}\`\`\`\n`);
});

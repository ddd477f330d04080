import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renderWaterfall } from './src/index.ts';
import { order } from './src/testing/spans.ts';

const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8');

test('the README shows the waterfall of the sample order', () => {
  expect(readme).toContain(renderWaterfall(order(), { width: 110 }));
});

test('the program of the README prints a waterfall, with the package that `npm run build` has built', () => {
  const [, program] = /```js\n(.*?)```/s.exec(readme)!;
  const folder = mkdtempSync(join(tmpdir(), 'waterfall-readme-'));
  try {
    mkdirSync(join(folder, 'node_modules/@hatchet-ts'), { recursive: true });
    symlinkSync(import.meta.dirname, join(folder, 'node_modules/@hatchet-ts/waterfall'));
    writeFileSync(join(folder, 'program.mjs'), program!);
    const span = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), name: 'charge' };
    writeFileSync(
      join(folder, 'traces.jsonl'),
      `${JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })}\n`,
    );
    const printed = execFileSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' });
    expect(printed).toContain(`trace ${span.traceId} · 1 span`);
    expect(printed).toContain(span.name);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cell, FACTORS, OTEL_PACKAGES } from './combinations.ts';

const README = join(import.meta.dirname, '../../packages/sdk-otel/README.md');
const BLOCK = /(<!-- matrix: written by `npm run test:matrix` -->\n).*?(\n<!-- \/matrix -->)/s;

/** Renders the compatibility table of the applications that passed. */
export function renderTable(cells: readonly Cell[]): string {
  const values = (factor: keyof Cell, shown: (value: string) => string = (value) => value) =>
    FACTORS[factor]
      .filter((value) => cells.some((cell) => cell[factor] === value))
      .map(shown)
      .join(', ');
  const rows = [
    ['Node.js', values('node')],
    ['`@hatchet-dev/typescript-sdk`', values('sdk')],
    ['OpenTelemetry', values('otel', (line) => `${line} (${experimental(line as Cell['otel'])})`)],
    ['application', values('modules')],
    ['installed by', values('layout')],
    ['set up by', values('wiring')],
  ];
  return [
    `| | tested in ${cells.length} applications, which cover every pair of values of two rows |`,
    '| --- | --- |',
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
  ].join('\n');
}

/** Returns the table in the README; undefined without its marks. */
export function readmeTable(): string | undefined {
  const [block, start, end] = BLOCK.exec(readFileSync(README, 'utf8')) ?? [];
  return block?.slice(start!.length, -end!.length);
}

export function writeReadmeTable(table: string): void {
  writeFileSync(
    README,
    readFileSync(README, 'utf8').replace(BLOCK, (_block, start, end) => `${start}${table}${end}`),
  );
}

function experimental(line: Cell['otel']): string {
  return OTEL_PACKAGES[line]['@opentelemetry/sdk-node']!.split('.', 2).join('.');
}

/* `node memory.ts [rounds]`: what a queued span of 12 attributes retains. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median, table } from './table.ts';

const rounds = Number(process.argv[2] ?? 5);
const bytes: Record<'stock' | 'ours', number[]> = { stock: [], ours: [] };
const program = fileURLToPath(new URL('./queued.ts', import.meta.url));
for (let round = 0; round < rounds; round++) {
  for (const name of ['stock', 'ours'] as const) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', program, name]);
    bytes[name].push(Number(stdout));
  }
}
const stock = median(bytes.stock);
console.log('\na queued span of 12 attributes\n');
console.log(
  table(
    ['', 'bytes', 'of stock'],
    (['stock', 'ours'] as const).map((name) => [
      name,
      median(bytes[name]).toFixed(0),
      (median(bytes[name]) / stock).toFixed(2),
    ]),
  ),
);

/* `node memory.ts [rounds]`: the memory that a queued span of 12 attributes retains. */
import { ChildProgram } from '../child-program.ts';
import { median, table } from '../table.ts';

const rounds = Number(process.argv[2] ?? 5);
const bytes: Record<'stock' | 'ours', number[]> = { stock: [], ours: [] };
const program = new URL('./memory-process.ts', import.meta.url);
for (let round = 0; round < rounds; round++) {
  for (const name of ['stock', 'ours'] as const) {
    const child = new ChildProgram(program, [name], { execArgv: ['--expose-gc'] });
    bytes[name].push(await child.receive<number>());
    await child.stop();
  }
}
const stock = median(bytes.stock);
console.log('\nmemory of a queued span of 12 attributes\n');
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

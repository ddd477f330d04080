/* `node cost.ts [rounds] [bytes of the input]`: what an instrumentor adds to the work of the SDK, in rounds that take turns. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { median, table } from '../table.ts';
import { OPERATION_NAMES, type OperationName } from './operations.ts';
import type { Cost, InstrumentorName, Order, ProviderName } from './subject.ts';

const [rounds = '9', ...sizes] = process.argv.slice(2);
const PROVIDERS: readonly ProviderName[] = ['no provider', 'sampled out', 'recorded'];
const TRACED: readonly InstrumentorName[] = ['minimal', 'ours', 'official'];
/** Operations in a round: what they allocate fits into the young generation of the processes that measure that. */
const COUNTS: Readonly<Record<string, number>> = { 1000: 2000, 100000: 150 };
/** The first ones are compiled while they run. */
const WARM_UP_ROUNDS = 6;
/** Allocation hardly differs between two rounds. */
const ALLOCATION_ROUNDS = 3;

interface Subject {
  readonly instrumentor: InstrumentorName;
  readonly provider: ProviderName;
  readonly child: ChildProcess;
}

/** The median of a figure for an operation in a process. */
type Measured = (operation: OperationName, instrumentor: InstrumentorName, provider: ProviderName) => number;

for (const bytes of (sizes.length > 0 ? sizes : Object.keys(COUNTS)).map(Number)) {
  const micros = await measured('micros', bytes);
  const allocated = await measured('bytes', bytes);
  for (const provider of PROVIDERS) {
    console.log(`\n${bytes / 1000} kB, ${provider}: added to one operation, medians of ${rounds} rounds\n`);
    const rows = OPERATION_NAMES.map((operation) => {
      const added = (figure: Measured, instrumentor: InstrumentorName) =>
        figure(operation, instrumentor, provider) - figure(operation, 'none', 'no provider');
      return [
        operation,
        micros(operation, 'none', 'no provider').toFixed(2),
        operation.endsWith('ten') ? '' : added(micros, 'minimal').toFixed(2),
        added(micros, 'ours').toFixed(2),
        added(micros, 'official').toFixed(2),
        (added(micros, 'ours') / added(micros, 'official')).toFixed(2),
        added(allocated, 'ours').toFixed(0),
        added(allocated, 'official').toFixed(0),
        (added(allocated, 'ours') / added(allocated, 'official')).toFixed(2),
      ];
    });
    console.log(
      table(
        ['', 'SDK alone, µs', '+ floor', '+ ours', '+ official', 'ratio', 'bytes: + ours', '+ official', 'ratio'],
        rows,
      ),
    );
  }
}

async function measured(figure: keyof Cost, bytes: number): Promise<Measured> {
  const subjects = await Promise.all([
    start('none', 'no provider', figure),
    ...TRACED.flatMap((instrumentor) => PROVIDERS.map((provider) => start(instrumentor, provider, figure))),
  ]);
  const found = new Map<string, number[]>();
  const key = (...parts: string[]) => parts.join('\0');
  for (let round = -WARM_UP_ROUNDS; round < (figure === 'micros' ? Number(rounds) : ALLOCATION_ROUNDS); round++) {
    for (const operation of OPERATION_NAMES) {
      const count = (COUNTS[bytes] ?? 1000) / (operation.endsWith('ten') ? 5 : 1);
      for (const { instrumentor, provider, child } of subjects) {
        child.send({ operation, bytes, count } satisfies Order);
        const [cost] = (await once(child, 'message')) as [Cost];
        const name = key(operation, instrumentor, provider);
        if (round >= 0) found.set(name, [...(found.get(name) ?? []), cost[figure]]);
      }
    }
  }
  for (const { child } of subjects) child.disconnect();
  return (...parts) => median(found.get(key(...parts))!);
}

async function start(instrumentor: InstrumentorName, provider: ProviderName, figure: keyof Cost): Promise<Subject> {
  const program = fileURLToPath(new URL('./subject.ts', import.meta.url));
  // what was allocated can be seen only in a young generation that no round fills; time, only in an ordinary one
  const heap = figure === 'bytes' ? ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256'] : [];
  const child = fork(program, [instrumentor, provider], { execArgv: ['--no-warnings', ...heap] });
  await once(child, 'message');
  return { instrumentor, provider, child };
}

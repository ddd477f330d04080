/* `node cost.ts [rounds] [input bytes]`: CPU time and allocation that an instrumentor adds to the SDK, in interleaved rounds. */
import { ChildProgram } from '../child-program.ts';
import { median, table } from '../table.ts';
import type { Cost, CostRequest, InstrumentorName, ProviderName } from './cost-process.ts';
import { OPERATION_NAMES, type OperationName } from './operations.ts';

const [rounds = '9', ...sizes] = process.argv.slice(2);
const PROVIDERS: readonly ProviderName[] = ['no provider', 'sampled out', 'recorded'];
const TRACED: readonly InstrumentorName[] = ['minimal', 'ours', 'official'];
/** Operations per round, by input bytes. Their allocations fit the young generation of the processes that measure them. */
const COUNTS: Readonly<Record<string, number>> = { 1000: 2000, 100000: 150 };
/** The compiler is still at work in these rounds. */
const WARM_UP_ROUNDS = 6;
/** Few: allocation hardly varies between rounds. */
const ALLOCATION_ROUNDS = 3;

/** A process with one instrumentor and one provider. */
interface Subject {
  readonly instrumentor: InstrumentorName;
  readonly provider: ProviderName;
  readonly program: ChildProgram;
}

/** Returns the median cost of an operation in a process. */
type CostOf = (operation: OperationName, instrumentor: InstrumentorName, provider: ProviderName) => number;

for (const bytes of (sizes.length > 0 ? sizes : Object.keys(COUNTS)).map(Number)) {
  const micros = await measure('micros', bytes);
  const allocated = await measure('bytes', bytes);
  for (const provider of PROVIDERS) {
    console.log(`\n${bytes / 1000} kB, ${provider}: added to one operation, medians of ${rounds} rounds\n`);
    const rows = OPERATION_NAMES.map((operation) => {
      const added = (costOf: CostOf, instrumentor: InstrumentorName) =>
        costOf(operation, instrumentor, provider) - costOf(operation, 'none', 'no provider');
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

async function measure(figure: keyof Cost, bytes: number): Promise<CostOf> {
  const subjects = await Promise.all([
    startSubject('none', 'no provider', figure),
    ...TRACED.flatMap((instrumentor) => PROVIDERS.map((provider) => startSubject(instrumentor, provider, figure))),
  ]);
  const measurements = new Map<string, number[]>();
  const key = (...parts: string[]) => parts.join('\0');
  for (let round = -WARM_UP_ROUNDS; round < (figure === 'micros' ? Number(rounds) : ALLOCATION_ROUNDS); round++) {
    for (const operation of OPERATION_NAMES) {
      const count = (COUNTS[bytes] ?? 1000) / (operation.endsWith('ten') ? 5 : 1);
      for (const { instrumentor, provider, program } of subjects) {
        const cost = await program.request<Cost>({ operation, bytes, count } satisfies CostRequest);
        const name = key(operation, instrumentor, provider);
        if (round >= 0) measurements.set(name, [...(measurements.get(name) ?? []), cost[figure]]);
      }
    }
  }
  await Promise.all(subjects.map(({ program }) => program.stop()));
  return (...parts) => median(measurements.get(key(...parts))!);
}

async function startSubject(
  instrumentor: InstrumentorName,
  provider: ProviderName,
  figure: keyof Cost,
): Promise<Subject> {
  // Allocation is visible only in a young generation that no round fills; time is realistic only in one of default size.
  const heap = figure === 'bytes' ? ['--expose-gc', '--max-semi-space-size=256', '--min-semi-space-size=256'] : [];
  const program = new ChildProgram(new URL('./cost-process.ts', import.meta.url), [instrumentor, provider], {
    execArgv: ['--no-warnings', ...heap],
  });
  await program.receive();
  return { instrumentor, provider, program };
}

import { fileURLToPath } from 'node:url';
import { type FinishedProcess, runProcess } from '@hatchet-ts/trace-testing';

/** Runs the text of an ES module in a process of its own, in the folder of this package. */
export function runModule(
  code: string,
  { args = [], env }: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<FinishedProcess> {
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  return runProcess('node', ['--no-warnings', ...args, '--input-type=module', '--eval', code], {
    cwd,
    ...(env && { env }),
  });
}

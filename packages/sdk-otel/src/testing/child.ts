import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a process said. */
export interface ChildOutput {
  readonly stdout: string;
  readonly stderr: string;
  /** exit code; 128 and more for a signal is not told apart */
  readonly code: number | string | undefined;
  readonly signal: NodeJS.Signals | undefined;
}

/** Runs a module given as text in a process of its own, in this package. */
export function inChild(
  code: string,
  options: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<ChildOutput> {
  const args = ['--no-warnings', ...(options.args ?? []), '--input-type=module', '--eval', code];
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({
        stdout: stdout.trim(),
        stderr: stderr.trim(),
        code: error ? (error.code ?? undefined) : 0,
        signal: error?.signal ?? undefined,
      });
    });
  });
}

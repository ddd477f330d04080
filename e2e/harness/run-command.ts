import { runProcess } from '@hatchet-ts/trace-testing';

const LAST_LINES = 40;

/**
 * Runs a command, by default in the environment of the tests, and returns its standard output.
 *
 * @throws Error with the last lines of output if the exit code is not 0
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  { cwd, env = process.env, timeoutMs = 5 * 60_000 }: { cwd: string; env?: NodeJS.ProcessEnv; timeoutMs?: number },
): Promise<string> {
  const { code, signal, stdout, stderr } = await runProcess(program, args, { cwd, env, timeoutMs });
  if (code === 0) return stdout;
  const lastLines = `${stdout}\n${stderr}`.trim().split('\n').slice(-LAST_LINES).join('\n');
  throw new Error(`${program} ${args.join(' ')} in ${cwd} ended with ${signal ?? code}:\n${lastLines}`);
}

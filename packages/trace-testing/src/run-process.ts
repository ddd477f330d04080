import { execa } from 'execa';
import { processEnvironment, programPath } from './process-environment.ts';
import type { Exit } from './running-process.ts';

export interface RunOptions {
  cwd?: string;
  /** Whole environment besides PATH and HOME. */
  env?: NodeJS.ProcessEnv;
  /** Milliseconds after which the process is killed. Default: 60,000. */
  timeoutMs?: number;
}

/** Exit and output of a process that ended by itself. */
export interface FinishedProcess extends Exit {
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end, whatever its exit code. The program `node` is the Node.js that runs the tests.
 *
 * @throws Error with its output if it could not be started or did not end before the deadline
 */
export async function runProcess(
  program: string,
  args: readonly string[] = [],
  { cwd, env, timeoutMs = 60_000 }: RunOptions = {},
): Promise<FinishedProcess> {
  const result = await execa(programPath(program), args, {
    ...(cwd !== undefined && { cwd }),
    env: processEnvironment(env),
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    stripFinalNewline: false,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const { exitCode, signal, stdout, stderr } = result;
  if (result.timedOut || (exitCode === undefined && signal === undefined)) throw new Error(result.message);
  return { code: exitCode ?? null, signal: signal ?? null, stdout, stderr };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** What an application of the matrix has said. */
export interface Outcome {
  readonly traceId: string;
  /** whether its log line names the trace */
  readonly logged: boolean;
  /** warnings of the instrumentor, and everything else on stderr */
  readonly stderr: string;
}

const DEADLINE_MS = 90_000;

/** Runs an application to its end. @throws Error with its output, when it does not say that it is done */
export async function runApplication(
  node: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<Outcome> {
  const child = spawn(node, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  clearTimeout(deadline);
  const done = stdout.split('\n').find((line) => line.startsWith('{"msg":"done"'));
  if (!done)
    throw new Error(
      `${node} ${args.join(' ')} ended with ${child.exitCode ?? child.signalCode}:\n${stdout}\n${stderr}`,
    );
  return { ...(JSON.parse(done) as Pick<Outcome, 'traceId' | 'logged'>), stderr };
}

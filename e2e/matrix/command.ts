import { execFile } from 'node:child_process';

/** Runs a program to its end. */
export async function command(
  program: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const limits = { maxBuffer: 64 * 1024 * 1024, timeout: 5 * 60_000 };
    execFile(program, args, { ...options, ...limits }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      reject(new Error(`${program} ${args.join(' ')} in ${options.cwd} failed:\n${lastLines(`${stdout}\n${stderr}`)}`));
    });
  });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-40).join('\n');
}

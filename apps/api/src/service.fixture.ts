import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const APPS = new URL('../../', import.meta.url);

/** A service that runs in a process of its own, as it does in earnest. */
export interface RunningService {
  /** `host:port` from its ready line. */
  address: string;
  /** Everything that it wrote on standard output so far. */
  output(): string;
  /** Sends SIGTERM; resolves to the exit code. */
  stop(): Promise<number | null>;
}

/** Starts `apps/<name>/src/main.ts` and waits until it serves. */
export async function startService(name: 'api' | 'engine', env: Record<string, string>): Promise<RunningService> {
  const child = spawnService(name, env);
  const lines: string[] = [];
  const ready = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout!).on('line', (line) => {
      lines.push(line);
      const { msg, address } = parseLine(line);
      if (msg === 'ready' && address) resolve(address);
    });
    child.once('exit', (code) => reject(new Error(`${name} ended with ${code}: ${lines.join('\n')}`)));
  });
  child.stderr!.pipe(process.stderr);
  return {
    address: await ready,
    output: () => lines.join('\n'),
    async stop() {
      if (child.exitCode !== null) return child.exitCode;
      child.kill('SIGTERM');
      const [code] = await once(child, 'exit');
      return code;
    },
  };
}

/** Runs a service that is to end by itself. */
export async function runToEnd(
  name: 'api' | 'engine',
  env: Record<string, string>,
): Promise<{ code: number; stderr: string }> {
  const child = spawnService(name, env);
  let stderr = '';
  child.stdout!.resume();
  child.stderr!.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
}

function spawnService(name: string, env: Record<string, string>): ChildProcess {
  const main = fileURLToPath(new URL(`${name}/src/main.ts`, APPS));
  return spawn(process.execPath, [main], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function parseLine(line: string): { msg?: string; address?: string } {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}

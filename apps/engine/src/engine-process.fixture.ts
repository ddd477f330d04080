import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const MAIN = new URL('./main.ts', import.meta.url).pathname;

/** A real process; resolves once it serves. */
export async function engineProcess(
  databaseUrl: string,
  port: number,
  cleanUps: (() => unknown)[],
): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl, SERVER_GRPC_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanUps.push(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  for await (const line of createInterface({ input: child.stdout! })) {
    const { msg, address } = JSON.parse(line) as { msg: string; address: string };
    if (msg === 'ready') {
      child.stdout!.resume();
      return { child, address };
    }
  }
  throw new Error('the engine ended before it was ready');
}

/** A process that is to end by itself: its status, and what it says on standard error. */
export async function endedEngine(env: Record<string, string>): Promise<{ code: number | null; said: string }> {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = await once(child, 'close');
  return { code, said };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

import { fileURLToPath } from 'node:url';
import {
  type FinishedProcess,
  type Resources,
  type RunningProcess,
  runProcess,
  startProcess,
} from '@hatchet-ts/trace-testing';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

/** Starts an engine in a process of its own; resolves once it serves. It is killed with the test's resources. */
export async function startEngineProcess(
  resources: Resources,
  databaseUrl: string,
  port = 0,
): Promise<{ engine: RunningProcess; address: string }> {
  const engine = await startProcess('node', [MAIN], {
    name: 'engine',
    env: { DATABASE_URL: databaseUrl, SERVER_GRPC_PORT: String(port) },
    ready: { msg: 'ready' },
  });
  resources.defer(() => engine.kill());
  return { engine, address: String(engine.readyLine.fields.address) };
}

/** Runs an engine that is to end by itself. */
export function runEngineProcess(env: Record<string, string>, args: readonly string[] = []): Promise<FinishedProcess> {
  return runProcess('node', [MAIN, ...args], { env });
}

import { fileURLToPath } from 'node:url';
import { type FinishedProcess, type RunningProcess, runProcess, startProcess } from '@hatchet-ts/trace-testing';

type ServiceName = 'api' | 'engine';

/** A service in a process of its own, as in production. */
export interface ServiceProcess {
  /** `host:port` from the ready line. */
  address: string;
  process: RunningProcess;
}

/** Starts a service and waits until it serves. */
export async function startService(name: ServiceName, env: Record<string, string>): Promise<ServiceProcess> {
  const process = await startProcess('node', [mainOf(name)], { name, env, ready: { msg: 'ready' } });
  return { address: String(process.readyLine.fields.address), process };
}

/** Runs a service that ends by itself. */
export function runService(name: ServiceName, env: Record<string, string>): Promise<FinishedProcess> {
  return runProcess('node', [mainOf(name)], { env });
}

function mainOf(name: ServiceName): string {
  return fileURLToPath(new URL(`../../../${name}/src/main.ts`, import.meta.url));
}

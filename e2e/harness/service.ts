import { join } from 'node:path';
import { type RunningProcess, startProcess } from '@hatchet-ts/trace-testing';

export interface ServiceOptions {
  /** Name in errors, and of the log file. */
  name: string;
  /** TypeScript or JavaScript file that prints a JSON line with `"msg":"ready"` when it is ready. */
  entry: string;
  /** Whole environment besides PATH and HOME. */
  env: Record<string, string>;
  /** Folder of the log file. */
  folder: string;
}

/** Starts a service or worker as a process of its own, as in production, and waits until it is ready. */
export function startService({ name, entry, env, folder }: ServiceOptions): Promise<RunningProcess> {
  return startProcess('node', [entry], { name, env, ready: { msg: 'ready' }, logFile: join(folder, `${name}.log`) });
}

/** Returns the `host:port` of the service's ready line. */
export function addressOf({ readyLine }: RunningProcess): string {
  return String(readyLine.fields.address);
}

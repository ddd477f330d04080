import { join } from 'node:path';
import { type Resource, Resources, type RunningProcess, startProcess, waitUntil } from '@hatchet-ts/trace-testing';
import { Deployment } from '../harness/deployment.ts';
import { runCommand } from '../harness/run-command.ts';
import { startService } from '../harness/service.ts';
import { pythonInterpreter } from './interpreter.ts';

const APPLICATION = join(import.meta.dirname, 'application');

/** Result of a scenario of the Python client, and the trace that it started. */
export interface ScenarioResult {
  traceId: string;
  result: unknown;
}

/** Deployment that stores its own traces, a worker in TypeScript and one in Python. */
export class PythonInstallation implements Resource {
  readonly deployment: Deployment;
  readonly #interpreter: string;
  readonly #parts: Resources;

  private constructor(parts: Resources, deployment: Deployment, interpreter: string) {
    this.#parts = parts;
    this.deployment = deployment;
    this.#interpreter = interpreter;
  }

  static async start(folder: string): Promise<PythonInstallation> {
    const interpreter = await pythonInterpreter();
    const parts = new Resources();
    try {
      const deployment = parts.use(await Deployment.start({ folder, storesOwnTraces: true }));
      const client = deployment.clientEnvironment;
      parts.use(
        await startService({
          name: 'ts-worker',
          entry: join(APPLICATION, 'worker.ts'),
          env: {
            ...client,
            OTEL_SERVICE_NAME: 'ts-worker',
            OTEL_TRACES_EXPORTER: 'hatchet',
            OTEL_BSP_SCHEDULE_DELAY: '200',
          },
          folder,
        }),
      );
      const worker = parts.use(
        await startProcess(interpreter, ['worker.py'], {
          name: 'py-worker',
          cwd: APPLICATION,
          env: pythonEnvironment(deployment, 'py-worker'),
          logFile: join(folder, 'py-worker.log'),
          timeoutMs: 20_000,
          ignoreExitCode: true,
        }),
      );
      await registration(deployment, worker);
      return new PythonInstallation(parts, deployment, interpreter);
    } catch (error) {
      await parts.stop();
      throw error;
    }
  }

  /** Runs a scenario of `application/client.py`. */
  async run(scenario: string): Promise<ScenarioResult> {
    const env = pythonEnvironment(this.deployment, 'py-client');
    const stdout = await runCommand(this.#interpreter, ['client.py', scenario], { cwd: APPLICATION, env });
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  }

  async stop(): Promise<void> {
    await this.#parts.stop();
  }
}

/** Waits until a worker is registered, which it does after its workflows. */
async function registration({ database }: Deployment, { name, log }: RunningProcess): Promise<void> {
  const probe = async () => {
    const { rows } = await database.query('SELECT FROM worker WHERE name = $1', [name]);
    if (rows.length === 0 && log.hasEnded) throw new Error(`${name} ended before it was registered; ${log.tail()}`);
    return rows.length > 0;
  };
  await waitUntil(`the registration of ${name}`, probe, {
    timeoutMs: 60_000,
    intervalMs: 100,
    describe: () => log.tail(),
  });
}

function pythonEnvironment({ apiAddress, clientEnvironment }: Deployment, serviceName: string): NodeJS.ProcessEnv {
  const { LANG, TMPDIR } = process.env;
  return {
    ...(LANG && { LANG }),
    ...(TMPDIR && { TMPDIR }),
    PYTHONUNBUFFERED: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    ...clientEnvironment,
    HATCHET_CLIENT_SERVER_URL: `http://${apiAddress}`,
    OTEL_SERVICE_NAME: serviceName,
  };
}

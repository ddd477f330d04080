import { mkdir } from 'node:fs/promises';
import { type Resource, Resources, type RunningProcess } from '@hatchet-ts/trace-testing';
import { Deployment, type DeploymentOptions } from '../harness/deployment.ts';
import { startEchoWorker } from '../harness/echo-worker.ts';
import { Load } from './load.ts';
import { finalAccount, type SpanAccounts } from './span-accounts.ts';

export const API = 'hatchet-api';
export const ENGINE = 'hatchet-engine';

/** Messages of server-otel about a Collector that is unavailable, and available again. */
export const UNAVAILABLE = 'collector is unavailable; queueing spans and retrying';
export const AVAILABLE = 'collector is available again';

export interface SystemOptions extends Pick<DeploymentOptions, 'databaseUrl'> {
  folder: string;
  /** `host:port` that API and engine export to. */
  exportsTo: string;
  /** `host:port` that the worker exports to. Default: `exportsTo`. */
  workerExportsTo?: string;
  /** Further environment of API and engine. */
  env?: Record<string, string>;
}

/** API, engine and an instrumented worker as whole processes, and the load on them. */
export class SystemUnderTest implements Resource {
  readonly deployment: Deployment;
  readonly worker: RunningProcess;
  readonly load: Load;
  readonly #parts: Resources;

  private constructor(parts: Resources, deployment: Deployment, worker: RunningProcess) {
    this.#parts = parts;
    this.deployment = deployment;
    this.worker = worker;
    this.load = new Load(deployment);
  }

  static async start(options: SystemOptions): Promise<SystemUnderTest> {
    const { folder, exportsTo, workerExportsTo = exportsTo, env = {}, ...rest } = options;
    await mkdir(folder, { recursive: true });
    const exporting = (serviceName: string) => ({
      SERVER_OTEL_COLLECTOR_URL: exportsTo,
      SERVER_OTEL_SERVICE_NAME: serviceName,
      SERVER_OTEL_INSECURE: 'true',
      ...env,
    });
    const parts = new Resources();
    try {
      const deployment = parts.use(
        await Deployment.start({ folder, api: exporting(API), engine: exporting(ENGINE), ...rest }),
      );
      const worker = parts.use(await startEchoWorker({ folder, deployment, exportsTo: workerExportsTo }));
      return new SystemUnderTest(parts, deployment, worker);
    } catch (error) {
      await parts.stop();
      throw error;
    }
  }

  /** Waits until API and engine have both logged a message, or with `times` logged it that often. */
  async bothLog(msg: string, times = 1): Promise<void> {
    const { api, engine } = this.deployment;
    await Promise.all([api, engine].map(({ log }) => log.waitFor({ msg }, { times })));
  }

  /** Stops worker, API and engine by SIGTERM. Returns the span accounts of the two services. */
  async end(): Promise<SpanAccounts> {
    await this.worker.stop();
    await this.deployment.stopServices();
    return { [API]: finalAccount(this.deployment.api), [ENGINE]: finalAccount(this.deployment.engine) };
  }

  async stop(): Promise<void> {
    await this.#parts.stop();
  }
}

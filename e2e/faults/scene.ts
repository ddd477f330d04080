import { mkdir } from 'node:fs/promises';
import { Deployment, type DeploymentOptions } from '../harness/deployment.ts';
import { startEchoWorker } from '../harness/echo-worker.ts';
import { type Resource, Resources } from '../harness/resources.ts';
import type { ServiceProcess } from '../harness/service-process.ts';
import { type AllBooks, closedBooks } from './books.ts';
import { Load } from './load.ts';

export const API = 'hatchet-api';
export const ENGINE = 'hatchet-engine';

/** What server-otel logs about a Collector that is away, and about its return. */
export const LOST = 'collector is unavailable; queueing spans and retrying';
export const BACK = 'collector is available again';

export interface SceneOptions extends Pick<DeploymentOptions, 'databaseUrl'> {
  folder: string;
  /** `host:port` that API and engine export to. */
  exportsTo: string;
  /** The same for the worker, unless it is the same. */
  workerExportsTo?: string;
  /** Environment of API and engine besides. */
  env?: Record<string, string>;
}

/** API, engine and an instrumented worker, whole processes that something happens to, and their work. */
export class Scene implements Resource {
  readonly deployment: Deployment;
  readonly worker: ServiceProcess;
  readonly load: Load;
  readonly #parts: Resources;

  private constructor(parts: Resources, deployment: Deployment, worker: ServiceProcess) {
    this.#parts = parts;
    this.deployment = deployment;
    this.worker = worker;
    this.load = new Load(deployment);
  }

  static async start(options: SceneOptions): Promise<Scene> {
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
      return new Scene(parts, deployment, worker);
    } catch (error) {
      await parts.stop();
      throw error;
    }
  }

  /** Waits until API and engine have both logged a message, so many times. */
  async bothSay(msg: string, times = 1): Promise<void> {
    const { api, engine } = this.deployment;
    await Promise.all([api, engine].map(({ log }) => log.until(msg, times)));
  }

  /** Ends worker, API and engine by SIGTERM; resolves to the books of the two services. */
  async end(): Promise<AllBooks> {
    await this.worker.stop();
    await this.deployment.stopServices();
    return { [API]: closedBooks(this.deployment.api), [ENGINE]: closedBooks(this.deployment.engine) };
  }

  async stop(): Promise<void> {
    await this.#parts.stop();
  }
}

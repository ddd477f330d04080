import { randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { inject } from 'vitest';
import { ownerLabel } from '../docker/leftovers.ts';
import { ContainerFaults } from './container-faults.ts';
import { ExportedTraces } from './exported-traces.ts';
import type { Resource } from './resources.ts';

const OTLP_GRPC = 4317;
const HEALTH = 13133;
const DEFAULT_CONFIG = join(import.meta.dirname, '../collector/config.yaml');

export interface CollectorOptions {
  /** Where the Collector's file and log go; made when it is not there. */
  folder: string;
  /**
   * The Collector's configuration, YAML; the file `collector/config.yaml` unless given. It must write
   * `/output/traces.jsonl`.
   */
  config?: string;
  /** Environment for `${env:NAME}` in the configuration. */
  env?: Record<string, string>;
  /** Ports that it listens on besides those of OTLP/gRPC and of its health. */
  ports?: number[];
  /** Gives it the same address again when it is started again, which takes a port of this machine that is not drawn. */
  keepsAddress?: boolean;
}

/** A real Collector in a container. */
export class Collector implements Resource {
  /** `host:port` of its OTLP/gRPC receiver, as this machine reaches it. */
  readonly address: string;
  readonly traces: ExportedTraces;
  /** What may happen to it besides being stopped for good. */
  readonly faults: ContainerFaults;
  readonly #container: StartedTestContainer;
  #stopped: Promise<void> | undefined;

  private constructor(container: StartedTestContainer, output: string) {
    this.#container = container;
    this.address = this.addressOf(OTLP_GRPC);
    this.traces = new ExportedTraces(output);
    this.faults = new ContainerFaults(container.getId());
  }

  /** `host:port` of a port that it listens on, as this machine reaches it. */
  addressOf(port: number): string {
    return `${this.#container.getHost()}:${this.#container.getMappedPort(port)}`;
  }

  /** Started and healthy. */
  static async start(options: CollectorOptions): Promise<Collector> {
    return options.keepsAddress ? onFreePort((port) => Collector.#start(options, port)) : Collector.#start(options);
  }

  static async #start(options: CollectorOptions, hostPort?: number): Promise<Collector> {
    const { folder, config, env = {}, ports = [] } = options;
    await mkdir(folder, { recursive: true });
    await chmod(folder, 0o777); // also for an engine that maps users
    const log = join(folder, 'collector.log');
    const container = await new GenericContainer(inject('collectorImage'))
      .withCommand(['--config', '/etc/otelcol/config.yaml'])
      .withCopyContentToContainer([
        {
          content: config ?? (await readFile(DEFAULT_CONFIG, 'utf8')),
          target: '/etc/otelcol/config.yaml',
          mode: 0o644,
        },
      ])
      .withBindMounts([{ source: folder, target: '/output', mode: 'rw' }])
      .withEnvironment(env)
      .withUser(currentUser())
      .withLabels(ownerLabel())
      .withExposedPorts(hostPort ? { container: OTLP_GRPC, host: hostPort } : OTLP_GRPC, HEALTH, ...ports)
      .withLogConsumer((lines) => lines.pipe(createWriteStream(log)))
      .withWaitStrategy(Wait.forHttp('/', HEALTH))
      .withStartupTimeout(60_000)
      .start();
    return new Collector(container, join(folder, 'traces.jsonl'));
  }

  /**
   * Stops it by SIGTERM, on which it writes what it holds; its file then has everything that it has ever
   * acknowledged. Idempotent.
   */
  async stop(): Promise<void> {
    this.#stopped ??= this.faults.resume().then(async () => {
      await this.#container.stop({ timeout: 10_000 });
    });
    await this.#stopped;
  }
}

/** Tries ports below those that systems draw from, until Docker finds one free: nobody takes it in between. */
async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempts = 20; ; attempts--) {
    try {
      return await start(randomInt(15_000, 30_000));
    } catch (error) {
      if (attempts === 0 || !/port is already allocated|address already in use/.test(String(error))) throw error;
    }
  }
}

/** The files that the Collector writes then belong to whoever runs the tests. */
function currentUser(): string {
  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return `${uid}:${gid}`;
}

import { randomInt } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Resource } from '@hatchet-ts/trace-testing';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { inject } from 'vitest';
import { ownerLabel } from '../docker/leftovers.ts';
import { ContainerFaults } from './container-faults.ts';
import { ExportedTraces } from './exported-traces.ts';

const OTLP_GRPC = 4317;
const HEALTH = 13133;
const DEFAULT_CONFIG = join(import.meta.dirname, '../collector/config.yaml');

export interface CollectorOptions {
  /** Folder of the Collector's output and log; created if it is missing. */
  folder: string;
  /** YAML of its configuration, which must write `/output/traces.jsonl`. Default: `collector/config.yaml`. */
  config?: string;
  /** Values of `${env:NAME}` in the configuration. */
  env?: Record<string, string>;
  /** Ports to expose besides OTLP/gRPC and the health check. */
  ports?: number[];
  /** Keeps its address when it is started again. Uses a port outside the range of ephemeral ports. */
  keepsAddress?: boolean;
}

/** A real OpenTelemetry Collector in a container. */
export class Collector implements Resource {
  /** `host:port` of its OTLP/gRPC receiver on this machine. */
  readonly address: string;
  readonly traces: ExportedTraces;
  /** Faults besides {@link stop}. */
  readonly faults: ContainerFaults;
  readonly #container: StartedTestContainer;
  #stopped: Promise<void> | undefined;

  private constructor(container: StartedTestContainer, output: string) {
    this.#container = container;
    this.address = this.addressOf(OTLP_GRPC);
    this.traces = new ExportedTraces(output);
    this.faults = new ContainerFaults(container.getId());
  }

  /** Returns the `host:port` on this machine of a port in the container. */
  addressOf(port: number): string {
    return `${this.#container.getHost()}:${this.#container.getMappedPort(port)}`;
  }

  /** Starts a Collector and waits until it is healthy. */
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

  /** Stops it by SIGTERM. Its file then contains every span that it has acknowledged. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped ??= this.faults.resume().then(async () => {
      await this.#container.stop({ timeout: 10_000 });
    });
    await this.#stopped;
  }
}

/** Tries ports below the ephemeral range until Docker finds a free one, so that no other process can take it during a restart. */
async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempts = 20; ; attempts--) {
    try {
      return await start(randomInt(15_000, 30_000));
    } catch (error) {
      if (attempts === 0 || !/port is already allocated|address already in use/.test(String(error))) throw error;
    }
  }
}

/** Returns the user of the tests, so that the Collector's files belong to it. */
function currentUser(): string {
  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return `${uid}:${gid}`;
}

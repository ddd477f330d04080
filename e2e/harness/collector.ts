import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { inject } from 'vitest';
import { ownerLabel } from '../docker/leftovers.ts';
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
}

/** A real Collector in a container. */
export class Collector implements Resource {
  /** `host:port` of its OTLP/gRPC receiver, as this machine reaches it. */
  readonly address: string;
  readonly traces: ExportedTraces;
  readonly #container: StartedTestContainer;
  #stopped: Promise<void> | undefined;

  private constructor(container: StartedTestContainer, output: string) {
    this.#container = container;
    this.address = `${container.getHost()}:${container.getMappedPort(OTLP_GRPC)}`;
    this.traces = new ExportedTraces(output);
  }

  /** Started and healthy. */
  static async start({ folder, config, env = {} }: CollectorOptions): Promise<Collector> {
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
      .withExposedPorts(OTLP_GRPC, HEALTH)
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
    this.#stopped ??= this.#container.stop({ timeout: 10_000 }).then(() => {});
    await this.#stopped;
  }
}

/** The files that the Collector writes then belong to whoever runs the tests. */
function currentUser(): string {
  const { uid, gid } = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  return `${uid}:${gid}`;
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerRuntimeClient } from 'testcontainers';
import { runs } from '../docker/debian-packages.ts';
import { runCommand } from '../harness/run-command.ts';

const MANIFEST = join(import.meta.dirname, 'manifest.yaml');
const DOCKERFILE = join(import.meta.dirname, 'Dockerfile');
const CACHE = join(import.meta.dirname, '../../.cache/collector');
/** A first build downloads all modules. */
const BUILD_TIMEOUT_MS = 30 * 60_000;
const GO_ARCHITECTURES: Record<string, string> = { x86_64: 'amd64', amd64: 'amd64', aarch64: 'arm64', arm64: 'arm64' };

/** Returns the name of the image that {@link buildImage} builds. It contains a hash of the sources, so that a change of them leads to a new image. */
export function localImageName(version: string): string {
  return `hatchet-otel-collector:${version}-${contentHash()}`;
}

/**
 * Builds the Collector of the manifest with Go, and an image that contains it. Keeps the binary in `.cache/collector`.
 *
 * @throws Error with the remedy if Go is missing, or with the tool's output if the build fails
 */
export async function buildImage(docker: ContainerRuntimeClient, name: string, version: string): Promise<void> {
  const architecture = GO_ARCHITECTURES[docker.info.containerRuntime.architecture];
  if (!architecture) throw new Error(`cannot build a Collector for ${docker.info.containerRuntime.architecture}`);
  const binary = join(CACHE, `otelcol-${version}-${contentHash()}-${architecture}`);
  if (!existsSync(binary)) await buildBinary(binary, version, architecture);

  const folder = await mkdtemp(join(tmpdir(), 'collector-image-'));
  try {
    await copyFile(DOCKERFILE, join(folder, 'Dockerfile'));
    await copyFile(binary, join(folder, 'otelcol'));
    await buildFrom(docker, folder, name);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function buildBinary(binary: string, version: string, architecture: string): Promise<void> {
  await requireGo();
  const folder = await mkdtemp(join(tmpdir(), 'collector-build-'));
  try {
    await build('go', ['install', `go.opentelemetry.io/collector/cmd/builder@v${version}`], folder, { GOBIN: folder });
    await copyFile(MANIFEST, join(folder, 'manifest.yaml'));
    // a static binary for the engine's machine, which may differ from this one
    const env = { CGO_ENABLED: '0', GOOS: 'linux', GOARCH: architecture };
    await build(join(folder, 'builder'), ['--config', 'manifest.yaml', '--ldflags', '-s -w'], folder, env);
    await mkdir(CACHE, { recursive: true });
    await copyFile(join(folder, 'build/otelcol'), `${binary}.${process.pid}`);
    await rename(`${binary}.${process.pid}`, binary);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function requireGo(): Promise<void> {
  if (await runs('go', 'version')) return;
  throw new Error(
    'the Collector image can neither be pulled nor built without Go: install Go 1.25 or newer, or make the image reachable',
  );
}

async function build(program: string, args: string[], cwd: string, env: Record<string, string>): Promise<void> {
  await runCommand(program, args, { cwd, env: { ...process.env, ...env }, timeoutMs: BUILD_TIMEOUT_MS });
}

async function buildFrom(docker: ContainerRuntimeClient, context: string, name: string): Promise<void> {
  const { dockerode } = docker.container;
  const progress = await dockerode.buildImage({ context, src: ['Dockerfile', 'otelcol'] }, { t: name });
  await new Promise<void>((resolve, reject) => {
    dockerode.modem.followProgress(progress, (error) => (error ? reject(error) : resolve()));
  });
}

function contentHash(): string {
  return createHash('sha256')
    .update(readFileSync(MANIFEST))
    .update(readFileSync(DOCKERFILE))
    .digest('hex')
    .slice(0, 12);
}

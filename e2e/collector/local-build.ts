import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContainerRuntimeClient } from 'testcontainers';

const run = promisify(execFile);
const MANIFEST = join(import.meta.dirname, 'manifest.yaml');
const DOCKERFILE = join(import.meta.dirname, 'Dockerfile');
const CACHE = join(import.meta.dirname, '../../.cache/collector');
const GO_ARCHITECTURES: Record<string, string> = { x86_64: 'amd64', amd64: 'amd64', aarch64: 'arm64', arm64: 'arm64' };

/**
 * The image that {@link buildImage} makes: named after what goes into it, so that a change of the manifest makes a
 * new one.
 */
export function localImageName(version: string): string {
  return `hatchet-otel-collector:${version}-${contentHash()}`;
}

/**
 * Builds the Collector of the manifest with Go and puts it into an image of its own. The binary is kept in
 * `.cache/collector`.
 *
 * @throws Error that says what to install, when Go is not there; with the tool's own output, when it fails
 */
export async function buildImage(docker: ContainerRuntimeClient, name: string, version: string): Promise<void> {
  const architecture = GO_ARCHITECTURES[docker.info.containerRuntime.architecture];
  if (!architecture) throw new Error(`no Collector is built for ${docker.info.containerRuntime.architecture}`);
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
    await go(['install', `go.opentelemetry.io/collector/cmd/builder@v${version}`], { GOBIN: folder });
    await copyFile(MANIFEST, join(folder, 'manifest.yaml'));
    // one static binary for the engine's machine, whatever machine this one is
    const env = { CGO_ENABLED: '0', GOOS: 'linux', GOARCH: architecture };
    await command(join(folder, 'builder'), ['--config', 'manifest.yaml', '--ldflags', '-s -w'], folder, env);
    await mkdir(CACHE, { recursive: true });
    await copyFile(join(folder, 'build/otelcol'), `${binary}.${process.pid}`);
    await rename(`${binary}.${process.pid}`, binary);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function requireGo(): Promise<void> {
  await run('go', ['version']).catch(() => {
    throw new Error(
      'the Collector image can neither be pulled nor built, for there is no Go on this machine: install Go 1.25 or newer, or make the image reachable',
    );
  });
}

async function go(args: string[], env: Record<string, string>): Promise<void> {
  await command('go', args, tmpdir(), env);
}

async function command(file: string, args: string[], cwd: string, env: Record<string, string>): Promise<void> {
  await run(file, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
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

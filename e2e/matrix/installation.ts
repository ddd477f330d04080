import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../harness/run-command.ts';
import { type Cell, OTEL_PACKAGES } from './combinations.ts';
import { CACHE, type Packed } from './packed.ts';

const APPLICATION = join(import.meta.dirname, 'application');

/**
 * Installs an application with its packages, as its user would, and returns its folder. Reuses the dependencies of an
 * earlier run from the cache; sdk-otel itself is always the one that was just packed.
 */
export async function install(
  { sdk, otel, layout }: Pick<Cell, 'sdk' | 'otel' | 'layout'>,
  packed: Packed,
): Promise<string> {
  const manifest = JSON.stringify(manifestOf(sdk, otel, packed), null, 2);
  const key = createHash('sha256').update(`${layout}\0${manifest}\0${packed.fingerprint}`).digest('hex').slice(0, 12);
  const folder = join(CACHE, 'applications', `${layout}-sdk-${sdk}-otel-${otel}-${key}`);
  const done = join(folder, 'node_modules', '.complete');
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), manifest);
    const [program, ...args] = INSTALL[layout];
    await runCommand(program, args, { cwd: folder });
    writeFileSync(done, '');
  }
  const installed = realpathSync(join(folder, 'node_modules/@hatchet-ts/sdk-otel'));
  rmSync(join(installed, 'dist'), { recursive: true, force: true }); // pnpm hard-links files to its store
  cpSync(join(packed.folder, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(APPLICATION, folder, { recursive: true });
  return folder;
}

// without install scripts, because no dependency needs a build
const INSTALL: Readonly<Record<Cell['layout'], readonly [string, ...string[]]>> = {
  npm: ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'],
  pnpm: ['pnpm', 'install', '--ignore-scripts', '--ignore-workspace', '--no-frozen-lockfile'],
};

// Each SDK release has one experimental OpenTelemetry line as its optional peers. npm refuses any other, pnpm warns.
// sdk-otel does not use the parts of the SDK that need them.
function manifestOf(sdk: string, otel: Cell['otel'], packed: Packed): object {
  const otelPackages = OTEL_PACKAGES[otel];
  return {
    private: true,
    dependencies: {
      '@hatchet-dev/typescript-sdk': sdk,
      '@hatchet-ts/sdk-otel': `file:${packed.tarball}`,
      zod: '3.25.76',
      ...otelPackages,
    },
    overrides: {
      '@hatchet-dev/typescript-sdk': {
        ...otelPackages,
        '@opentelemetry/exporter-trace-otlp-grpc': otelPackages['@opentelemetry/sdk-node'],
      },
    },
  };
}

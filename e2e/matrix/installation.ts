import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cell, OTEL_PACKAGES } from './combinations.ts';
import { command } from './command.ts';
import { CACHE, type Packed } from './packed.ts';

const APPLICATION = join(import.meta.dirname, 'application');

/**
 * The folder of an application with its packages, installed as its user would. The dependencies come from the cache when
 * an earlier run installed the same; sdk-otel itself is always the one that was just packed.
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
    await command(program, args, { cwd: folder });
    writeFileSync(done, '');
  }
  const installed = realpathSync(join(folder, 'node_modules/@hatchet-ts/sdk-otel'));
  rmSync(join(installed, 'dist'), { recursive: true, force: true }); // pnpm's files are links into its store
  cpSync(join(packed.folder, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(APPLICATION, folder, { recursive: true });
  return folder;
}

// no scripts: nothing that is installed here is built
const INSTALL: Readonly<Record<Cell['layout'], readonly [string, ...string[]]>> = {
  npm: ['npm', 'install', '--ignore-scripts', '--no-audit', '--no-fund'],
  pnpm: ['pnpm', 'install', '--ignore-scripts', '--ignore-workspace', '--no-frozen-lockfile'],
};

// The SDK names one experimental line of OpenTelemetry as its optional peers, each release another one: npm refuses any
// other, pnpm warns. sdk-otel needs none of what the SDK uses them for.
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

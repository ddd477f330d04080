import { defineConfig, type UserConfig } from 'tsdown';

const shared: UserConfig = {
  platform: 'node',
  target: 'node22',
  deps: {
    alwaysBundle: ['@hatchet-ts/internal', '@hatchet-ts/otlp', '@hatchet-ts/process-end', '@hatchet-ts/ratio-sampler'],
  },
};

export default defineConfig([
  { ...shared, entry: ['src/index.ts', 'src/register.ts', 'src/sampler.ts'], format: ['esm', 'cjs'], dts: true },
  // Programs, not imports: the command `hatchet-server-otel`, and the process that sends the last batch.
  { ...shared, entry: ['src/cli.ts', 'src/last-batch.ts'], format: 'esm', dts: false, clean: false },
]);

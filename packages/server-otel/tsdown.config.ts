import { defineConfig, type UserConfig } from 'tsdown';

const shared: UserConfig = {
  platform: 'node',
  target: 'node22',
  deps: { alwaysBundle: ['@hatchet-ts/internal', '@hatchet-ts/otlp', '@hatchet-ts/ratio-sampler'] },
};

export default defineConfig([
  { ...shared, entry: ['src/index.ts', 'src/register.ts', 'src/sampler.ts'], format: ['esm', 'cjs'], dts: true },
  // The command `hatchet-server-otel`: a program, not an import.
  { ...shared, entry: ['src/cli.ts'], format: 'esm', dts: false, clean: false },
]);

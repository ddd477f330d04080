import { defineConfig, type UserConfig } from 'tsdown';

const shared: UserConfig = {
  platform: 'node',
  target: 'node22',
  deps: { alwaysBundle: [/^@hatchet-ts\/(internal|otlp)\//, '@hatchet-ts/process-end', '@hatchet-ts/ratio-sampler'] },
};

export default defineConfig([
  {
    ...shared,
    entry: ['src/index.ts', 'src/register.ts', 'src/exporter.ts', 'src/propagation.ts', 'src/sampler.ts'],
    format: ['esm', 'cjs'],
    dts: true,
  },
  // A program, not an import: the process that sends the last batch.
  { ...shared, entry: ['src/last-batch.ts'], format: 'esm', dts: false, clean: false },
]);

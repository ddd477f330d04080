import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['src/index.ts', 'src/register.ts', 'src/exporter.ts', 'src/propagation.ts', 'src/sampler.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  platform: 'node',
  target: 'node22',
  deps: { alwaysBundle: ['@hatchet-ts/ratio-sampler', /^@hatchet-ts\/(internal|otlp)\//] },
});

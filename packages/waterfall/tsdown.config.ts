import { defineConfig } from 'tsdown';

export default defineConfig({
  entry: ['src/index.ts', 'src/browser.ts'],
  format: ['esm', 'cjs'],
  dts: true,
  platform: 'node',
  target: 'node22',
  deps: {
    // string-width and its dependencies are ES modules only, which test runners such as Jest cannot require
    onlyBundle: ['string-width', 'strip-ansi', 'ansi-regex', 'get-east-asian-width'],
  },
});

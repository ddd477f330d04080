import { defineConfig } from 'vite';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // what is inline, a strict Content-Security-Policy refuses
    modulePreload: { polyfill: false },
  },
});

import { defineConfig } from 'vite';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/api': process.env.PAGE_API ?? 'http://127.0.0.1:8080' } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // what is inline, a strict Content-Security-Policy refuses
    modulePreload: { polyfill: false },
  },
});

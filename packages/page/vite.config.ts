import { defineConfig } from 'vite';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  server: { proxy: { '/api': process.env.PAGE_API ?? 'http://127.0.0.1:8080' } },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0, // a strict Content-Security-Policy rejects inline assets
    modulePreload: { polyfill: false },
  },
});

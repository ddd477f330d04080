import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'process-end', include: ['src/**/*.test.ts'], testTimeout: 30_000 } });

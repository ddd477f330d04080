import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'trace-testing', include: ['src/**/*.test.ts'], testTimeout: 30_000 } });

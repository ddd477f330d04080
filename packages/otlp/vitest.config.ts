import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'otlp', include: ['src/**/*.test.ts'] } });

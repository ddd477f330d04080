import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'ratio-sampler', include: ['src/**/*.test.ts'] } });

import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'waterfall', include: ['src/**/*.test.ts', '*.test.ts'] } });

import { defineProject } from 'vitest/config';

export default defineProject({ test: { name: 'sdk-otel', include: ['{src,reference}/**/*.test.ts'] } });

import { writeFileSync } from 'node:fs';
import { featuresPage } from './features-page.ts';

/* `pnpm --filter @hatchet-ts/engine run docs` writes the page on the engine's features. */

writeFileSync(new URL('../../../../docs/engine-features.md', import.meta.url), featuresPage());

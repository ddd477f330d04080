import { writeFileSync } from 'node:fs';
import { featuresPage } from './features-page.ts';

/* `pnpm --filter @hatchet-ts/engine run docs`: writes the page on what the engine does and leaves out. */

writeFileSync(new URL('../../../../docs/engine-features.md', import.meta.url), featuresPage());

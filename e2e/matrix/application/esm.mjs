import { run } from './wirings.mjs';

await run(process.env.MATRIX_WIRING, (name) => import(name));

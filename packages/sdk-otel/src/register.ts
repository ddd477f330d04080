import { isMainThread } from 'node:worker_threads';
import { register } from './registration/registration.ts';

// Entry of `node --import @hatchet-ts/sdk-otel/register`, loaded before the application. Worker threads inherit the flag;
// an SDK in each of them would be another service, and signals do not reach them.
if (isMainThread) {
  const isSource = import.meta.url.endsWith('.ts');
  register({
    script: new URL(isSource ? './last-batch.ts' : './last-batch.mjs', import.meta.url),
    env: { ...process.env },
    cwd: process.cwd(),
  });
}

// Entry `/register` whose child may take a minute: in a test it shares two processors with many others.
import { register } from '../registration/registration.ts';

register({
  script: new URL('../last-batch.ts', import.meta.url),
  env: { ...process.env },
  cwd: process.cwd(),
  timeoutMillis: 60_000,
});

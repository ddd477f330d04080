import { register } from './registration/registration.ts';

// For `node --import @hatchet-ts/sdk-otel/register`: before anything else is loaded.
register();

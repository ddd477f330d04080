import { register } from './registration/registration.ts';

// Entry of `node --import @hatchet-ts/sdk-otel/register`, loaded before the application.
register();

export { processIdentity } from './process-identity.ts';
export { ProcessRecord } from './process-record.ts';
export { ServiceFailure, type ServiceOptions, type ServiceProcess, startService } from './service-process.ts';

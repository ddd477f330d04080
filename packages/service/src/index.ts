export { COMMON_VARIABLES, ConfigurationError, portVariable, readVariables } from './configuration.ts';
export { describeError } from './describe-error.ts';
export { type RunningService, runService, type ServiceDefinition } from './run-service.ts';

export { COMMON_VARIABLES, ConfigurationError, portVariable, readVariables } from './configuration.ts';
export { describeError } from './describe-error.ts';
export { type RunningService, runService } from './run-service.ts';

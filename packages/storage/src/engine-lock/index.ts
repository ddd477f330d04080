export { type EngineLock, EngineLockHeldError, type EngineLockOptions, holdEngineLock } from './engine-lock.ts';

export { insertEvents, type NewEvent } from './events.ts';

export { type Perishable, prune } from './prune.ts';

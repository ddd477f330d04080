export { insertLogLines, type NewLogLine } from './logs.ts';

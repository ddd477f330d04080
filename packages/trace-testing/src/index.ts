export { withDeadline } from '@hatchet-ts/internal/deadline';
export { freePort } from '@hatchet-ts/internal/free-port';
export { ConnectProxy, type ConnectProxyOptions } from './connect-proxy.ts';
export { type LineMatcher, type LogLine, ProcessLog } from './process-log.ts';
export { type Resource, Resources } from './resources.ts';
export { type FinishedProcess, type RunOptions, runProcess } from './run-process.ts';
export { type Exit, type ProcessOptions, RunningProcess, startProcess } from './running-process.ts';
export { TcpLink, type TcpLinkOptions } from './tcp-link.ts';
export { type WaitOptions, waitUntil } from './wait-until.ts';

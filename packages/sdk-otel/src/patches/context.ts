import type { Context } from '@hatchet-dev/typescript-sdk/v1/client/worker/context.js';
import { guarded } from '../guard.ts';
import { logFields } from '../log-fields.ts';
import type { ClassPatch } from './class-patch.ts';

/** `Context.log`, where `ctx.logger` ends: it makes no span, its lines name the active one. */
export const contextPatch: ClassPatch = {
  file: 'v1/client/worker/context.js',
  className: 'Context',
  wrappers: {
    log: (original, telemetry) =>
      function log(this: Context<unknown>, ...args: LogArgs) {
        const correlated = telemetry.enabled ? guarded('correlating a log line', () => withFields(args)) : undefined;
        return original.apply(this, correlated ?? args);
      },
  },
};

type LogArgs = Parameters<Context<unknown>['log']>;

// a field that the caller has given a value of its own keeps it
function withFields([message, level, extra, ...rest]: LogArgs): LogArgs | undefined {
  const fields = logFields();
  if (!fields.trace_id) return undefined;
  return [message, level, { ...extra, extra: { ...fields, ...extra?.extra } }, ...rest];
}

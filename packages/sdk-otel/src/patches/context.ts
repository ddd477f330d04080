import type { Context } from '@hatchet-dev/typescript-sdk/v1/client/worker/context.js';
import { guard } from '../call/guard.ts';
import { logFields } from '../context/log-fields.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';

/** Adds the active span to the lines of `Context.log`, which `ctx.logger` calls; makes no span. */
export const contextPatch: ClassPatch = {
  file: 'v1/client/worker/context.js',
  className: 'Context',
  wrappers: {
    log: (original, telemetry) =>
      function log(this: Context<unknown>, ...args: LogArgs) {
        const correlated = telemetry.enabled ? guard('correlating a log line', () => withFields(args)) : undefined;
        return original.apply(this, correlated ?? args);
      },
  },
};

type LogArgs = Parameters<Context<unknown>['log']>;

// the caller's own fields take precedence
function withFields([message, level, extra, ...rest]: LogArgs): LogArgs | undefined {
  const fields = logFields();
  if (!fields.trace_id) return undefined;
  return [message, level, { ...extra, extra: { ...fields, ...extra?.extra } }, ...rest];
}

import type { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/client/client.js';
import type { ClientTelemetryConfig } from '../configuration/settings.ts';
import { untracedAtRoot } from '../context/untraced.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';

/**
 * Remembers the configuration of a `HatchetClient` for its schedules and crons: it may exclude attributes, and they do not
 * keep it themselves. Makes no span, and keeps the client's own first request from making one.
 */
export const hatchetClientPatch: ClassPatch = {
  file: 'v1/client/client.js',
  className: 'HatchetClient',
  wrappers: {},
  accessors: { scheduled: rememberClient, crons: rememberClient, tenant: hideFirstRequest },
};

/** Returns the configuration of the client to which a part belongs. */
export function clientOf(part: object): ClientTelemetryConfig | undefined {
  return configs.get(part);
}

function rememberClient(client: unknown, part: unknown): void {
  const { config } = client as HatchetClient;
  if (config && !configs.has(part as object)) configs.set(part as object, config);
}

/** The constructor reads the tenant, so the first call of `tenant.get` is the client's own. */
function hideFirstRequest(_client: unknown, part: unknown): void {
  const tenant = part as HatchetClient['tenant'];
  if (tenants.has(tenant)) return;
  tenants.add(tenant);
  const own: Pick<typeof tenant, 'get'> = {
    get: () => {
      Reflect.deleteProperty(tenant, 'get');
      return untracedAtRoot(() => tenant.get());
    },
  };
  Object.assign(tenant, own);
}

const tenants = new WeakSet<object>();
const configs = new WeakMap<object, ClientTelemetryConfig>();

import type { HatchetClient } from '@hatchet-dev/typescript-sdk/v1/client/client.js';
import type { ClientTelemetryConfig } from '../configuration/settings.ts';
import type { ClassPatch } from '../instrumentation/class-patch.ts';

/**
 * Remembers the configuration of a `HatchetClient` for its schedules and crons: it may exclude attributes, and they do not
 * keep it themselves. Makes no span.
 */
export const hatchetClientPatch: ClassPatch = {
  file: 'v1/client/client.js',
  className: 'HatchetClient',
  wrappers: {},
  accessors: { scheduled: rememberClient, crons: rememberClient },
};

/** Returns the configuration of the client to which a part belongs. */
export function clientOf(part: object): ClientTelemetryConfig | undefined {
  return configs.get(part);
}

function rememberClient(client: unknown, part: unknown): void {
  const { config } = client as HatchetClient;
  if (config && !configs.has(part as object)) configs.set(part as object, config);
}

const configs = new WeakMap<object, ClientTelemetryConfig>();

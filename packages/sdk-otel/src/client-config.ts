import type { ClientTelemetryConfig } from './settings.ts';

/** The configuration of the client that a part of it belongs to; some parts do not keep it themselves. */
export function clientOf(part: object): ClientTelemetryConfig | undefined {
  return configs.get(part);
}

export function rememberClient(part: object, config: ClientTelemetryConfig | undefined): void {
  if (config && !configs.has(part)) configs.set(part, config);
}

const configs = new WeakMap<object, ClientTelemetryConfig>();

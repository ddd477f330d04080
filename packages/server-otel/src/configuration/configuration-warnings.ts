import { nearestName } from '@hatchet-ts/internal/nearest-name';
import type { ConfigurationFile } from './configuration-file.ts';
import { type Configuration, SETTINGS, type SettingName } from './settings.ts';

/** Warns of each `SERVER_OTEL_*` variable and each key below `otel:` that is not a setting, and suggests the nearest one. */
export function unknownNameWarnings(
  env: Readonly<Record<string, unknown>>,
  file: ConfigurationFile | undefined,
): string[] {
  const variables = Object.values(SETTINGS).map(({ variable }) => variable);
  const keys = Object.values(SETTINGS).flatMap(({ yaml }) => yaml ?? []);
  const knownKeys = new Set(keys.map((key) => key.toLowerCase()));
  const unknownVariables = Object.keys(env).filter(
    (name) => name.startsWith('SERVER_OTEL_') && !variables.includes(name),
  );
  const unknownKeys = [...(file?.entries ?? [])]
    .filter(([key, { hasKeys }]) => !knownKeys.has(key) && !hasKeys)
    .map(([, { name }]) => name);
  return [
    ...unknownVariables.sort().map((name) => warning(name, nearestName(name, variables))),
    ...unknownKeys.sort().map((name) => `${file?.path}: ${warning(name, nearestName(name, keys))}`),
  ];
}

function warning(name: string, nearest: string | undefined): string {
  return `${name} is not a setting of this service; ${nearest === undefined ? 'ignoring it' : `did you mean ${nearest}?`}`;
}

/** Warns of TLS settings of a plaintext connection: one of the two is probably a mistake. */
export function ineffectiveTlsWarnings(
  configuration: Configuration,
  nameOf: (setting: SettingName) => string,
): string[] {
  if (!configuration.insecure) return [];
  const tls = ['tlsRootCaFile', 'tlsCertFile', 'tlsKeyFile', 'tlsServerName'] as const;
  return tls
    .filter((name) => configuration[name] !== undefined)
    .map((name) => `${nameOf(name)} has no effect: ${nameOf('insecure')} is true`);
}

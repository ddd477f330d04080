import type { ConfigFile } from './config-file.ts';
import { nearestName } from './nearest-name.ts';
import { SETTINGS } from './settings.ts';

/** A warning for each `SERVER_OTEL_*` variable and each key below `otel:` that nobody reads, with what was probably meant. */
export function unknownNames(env: Readonly<Record<string, unknown>>, file: ConfigFile | undefined): string[] {
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
  return `${name} is not a setting of this service; did you mean ${nearest}?`;
}
